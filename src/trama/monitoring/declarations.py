"""What monitoring offers to the apps below: its rows that follow an organisation when two records become one."""

from trama.core.declarations import Linked, declare
from trama.monitoring.models import Invitation

declare(
    # A personal link speaks in the name of a body: of the one that it became part of.
    Linked(Invitation, "organisation"),
)
