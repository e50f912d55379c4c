"""Step: kernel settings. The first four are what kubelet insists on (k3s docs, security/hardening-guide)."""

from edgefleet.model.firstboot import Box, File, Step

KUBELET = {
    "vm.panic_on_oom": "0",
    "vm.overcommit_memory": "1",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
}


def plan(box: Box) -> Step:
    """``90-kubelet.conf`` with kubelet's settings and ``95-edgefleet.conf`` with the site's own."""
    files = [File(path="/etc/sysctl.d/90-kubelet.conf", content=_lines(KUBELET))]
    if box.site.sysctls:
        own = dict(sorted(box.site.sysctls.items()))
        files.append(File(path="/etc/sysctl.d/95-edgefleet.conf", content=_lines(own)))
    return Step(files=tuple(files), commands=(("sysctl", "--system"),))


def _lines(settings: dict[str, str]) -> bytes:
    return "".join(f"{name} = {value}\n" for name, value in settings.items()).encode()
