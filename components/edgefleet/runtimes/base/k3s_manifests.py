"""Manifests that k3s applies at its start, and the network plugin that may be among them.

Source: k3s docs, installation/packaged-components ("Auto-Deploying Manifests") and networking/helm. k3s's own
folder may be on a data disk, which is mounted after files are written: so each start of k3s copies them.

A manifest that left stays there as an empty file. k3s keeps the objects of a file that is deleted (k3s-io/k3s
1971), and removes those of one that is empty: it applies the empty set with the kinds that it has recorded in
the file's AddOn (k3s, pkg/deploy/controller.go, ``deploy``; k3s-io/k3s 5560, of 2022).
"""

from collections.abc import Iterator
from functools import partial

from pydantic_core import PydanticCustomError

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.references import image_name
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import shown
from edgefleet.model.system import OF_WORKLOAD, PodImage, charts_without_content, pod_images
from edgefleet.runtimes.base import k3s_virtual_address
from edgefleet.runtimes.base.site_certificate import certificate_of
from edgefleet.workloads.composing import texts_of

FOLDER = "/etc/edgefleet/manifests"
COPIES = "/var/lib/rancher/k3s/server/manifests/edgefleet"
PROGRAM = "/usr/local/lib/edgefleet/k3s-manifests"
DROP_IN = "/etc/systemd/system/k3s.service.d/20-manifests.conf"


def manifests(target: Target) -> Step:
    """The manifests of a server, and the program that copies the listed ones for k3s; else its removal.

    The copies are emptied then. systemd forgets the program last, as a boot may end at any of these commands.
    """
    own = k3s_virtual_address.manifests(target.site)
    texts = {**dict(sorted(target.site.k3s.manifests.items())), **own, **workload_manifests(target)}
    if not texts:
        emptied = f"find {COPIES} -name '*.yaml' -size +0 -exec truncate -s 0 {{}} +"
        forgotten = (f"rm -f {DROP_IN}", "systemctl daemon-reload", f"rm -rf {FOLDER} {PROGRAM}")
        return Step.removal(PROGRAM, emptied, *forgotten)
    files = (File.text(f"{FOLDER}/{name}.yaml", text, mode=0o600) for name, text in texts.items())
    program = File.program(PROGRAM, render("k3s/manifests.sh.j2", names=texts))
    return Step(files=(*files, program, File.text(DROP_IN, render("k3s/manifests.conf"))))


def workload_manifests(target: Target) -> dict[str, str]:
    """dict[name of a manifest -> its text] of the workloads of a site, with the site's certificate."""
    texts = texts_of(target.site, partial(certificate_of, target))
    return {f"{OF_WORKLOAD}{name}": text for name, text in texts.items()}


def manifest_images(site: SiteSpec) -> tuple[str, ...]:
    """The whole names of the images of a site's manifests, which may run on each of its nodes."""
    texts = (*site.k3s.manifests.values(), *k3s_virtual_address.manifests(site).values())
    names = (image.name for text in texts for image in pod_images(text))
    return tuple(sorted({image_name(name) for name in names if image_name.accepts(name)}))


def check_manifests(site: SiteSpec) -> Iterator[Problem]:
    """Manifests that do nothing, and a site without a network for its containers."""
    config, texts = site.k3s.config, site.k3s.manifests
    if str(config.get("flannel-backend")) == "none" and not texts:
        problem = "without flannel no node becomes ready until another network plugin is applied"
        hint = "add the plugin to k3s.manifests, such as calico: file:manifests/calico.yaml"
        yield Problem.of_value(format_path(("k3s", "config", "flannel-backend")), "no-cni", problem, hint)
    for name, text in texts.items():
        path = format_path(("k3s", "manifests", name))
        charts = ", ".join(charts_without_content(text))
        if charts and site.airgap:
            problem = f"an air-gapped site cannot download the chart of {charts}"
            hint = "put the chart into spec.chartContent (base64), or write its objects"
            yield Problem.of_value(path, "chart-without-link", problem, hint)
        if charts and config.get("disable-helm-controller") is True:
            problem = f"disable-helm-controller leaves {charts} without a controller"
            yield Problem.of_value(path, "no-helm", problem, "remove disable-helm-controller")
        for image in pod_images(text) if site.airgap else ():
            yield from _not_carried(image, path)


def _not_carried(image: PodImage, path: str) -> Iterator[Problem]:
    """Why an air-gapped node cannot run `image`."""
    try:
        image_name(image.name)
    except PydanticCustomError as error:
        context = error.context or {}
        yield Problem.of_value(path, context["code"], context["problem"], context["hint"])
    if image.pull == "Always":
        problem = f"imagePullPolicy Always asks a registry for {shown(image.name)} at each start"
        yield Problem.of_value(path, "pull-without-link", problem, "write imagePullPolicy: IfNotPresent")
