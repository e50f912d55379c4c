"""What the state says, without running anything."""

from edgefleet.commands.recorded import Recorded, recorded
from edgefleet.commands.running import Wanted, options
from edgefleet.commands.session import EngineName, Session


def recorded_sites(
    session: Session, stack: str, engine: EngineName = "auto", *, show_secrets: bool = False
) -> dict[str, Recorded]:
    """dict[site -> as the last run left it], in the state's order."""
    wanted = Wanted(stack=stack, engine=engine)
    return recorded(session.choose(engine), options(session, wanted), show_secrets=show_secrets)
