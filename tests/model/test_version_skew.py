"""Which version of a control plane may follow which."""

import pytest

from edgefleet.model.version_skew import release, upgrade_problems


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("v1.36.4+k3s1", "v1.36.4+k3s1", []),
        ("v1.36.4+k3s1", "v1.36.5+k3s1", []),
        ("v1.36.4+k3s1", "v1.37.0+k3s1", []),
        ("v1.36.4+k3s1", "v1.38.0+k3s1", ["skew"]),
        ("v1.36.4+k3s2", "v1.36.4+k3s1", ["downgrade"]),
        ("v1.36.4+k3s1", "v1.35.9+k3s1", ["downgrade"]),
        ("1.35", "1.36", []),
        ("1.34", "1.36", ["skew"]),
    ],
)
def test_one_minor_at_a_time_and_never_back(old: str, new: str, codes: list[str]) -> None:
    assert codes == [each.code for each in upgrade_problems(old, new)]


def test_what_is_skipped_is_named_with_the_way() -> None:
    """Minor by minor."""
    (problem,) = upgrade_problems("v1.34.1+k3s1", "v1.37.0+k3s1")
    assert "skips 1.35 and 1.36" in problem.problem
    assert "newest 1.35 first" in problem.hint


@pytest.mark.parametrize("text", ["", "1", "v2.1.0", "v1.36.4+rke2"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        release(text)
