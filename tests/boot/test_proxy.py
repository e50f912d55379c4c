"""Step `proxy`: which hosts are reached through it, and where its password is."""

from collections.abc import Callable
from dataclasses import replace

from tests.boot.conftest import Targets

from edgefleet.boot import proxy
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.stack_secrets import revealed

TextOf = Callable[[Step, str], str]
BEHIND = "recipe-1/data-disk"


def with_password(target: Target, secret: str) -> Target:
    """The node, whose stack has this secret."""
    return replace(target, site=revealed(target.site, {"proxy": secret}))


def test_what_is_inside_the_site_is_not_asked_of_the_proxy(target: Targets, text_of: TextOf) -> None:
    """A password is quoted, and in files of root alone."""
    step = proxy.plan(with_password(target(BEHIND, "srv"), "till:p@ss/word"))
    made = text_of(step, proxy.ENVIRONMENT)
    assert 'HTTPS_PROXY="http://till:p%40ss%2Fword@proxy.example:3128"\n' in made
    variables = dict(line.split("=", 1) for line in made.splitlines())
    direct = variables["NO_PROXY"].strip('"').split(",")
    assert {"10.42.0.0/16", "10.43.0.0/16", "10.6.0.0/24", ".svc", ".retail.example"} <= set(direct)
    assert {0o600} == {file.mode for file in step.files if b"p%40ss" in file.content}


def test_the_channel_goes_through_it(target: Targets) -> None:
    """As heartbeats do, at a site that has one."""
    drop_in = "/etc/systemd/system/edgefleet-channel.service.d/proxy.conf"
    plain = with_password(target(BEHIND, "srv"), "till:p@ss/word")
    channel = target("recipe-1/with-channel").site.channel
    fetching = replace(plain, site=replace(plain.site, channel=channel))
    found = [drop_in in {file.path for file in proxy.plan(each).files} for each in (plain, fetching)]
    assert [False, True] == found
