"""A run names each missing package once."""

from tests.conftest import folded_skips


def test_tests_that_lack_the_same_package_are_one_line() -> None:
    """Whatever they call the program that is missing."""
    assert [
        "3 tests skipped: needs sshd: apt-get install openssh-server",
        "1 test skipped: needs root",
    ] == folded_skips(
        [
            "Skipped: needs root",
            "Skipped: needs sshd: apt-get install openssh-server",
            "needs ssh-keygen: apt-get install openssh-server",
            "Skipped: needs sshd: apt-get install  openssh-server",
        ]
    )


def test_a_run_that_skips_nothing_reports_nothing() -> None:
    """The closing line of pytest stands alone."""
    assert [] == folded_skips([])
