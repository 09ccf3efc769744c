"""Facts about the goals of clubs, as the trainings of these tests learn them."""

from collections.abc import Mapping

from gabarito.core.records import Fact


def goal_facts(clubs: Mapping[str, str]) -> dict[str, Fact]:
    """Return a fact for each club and its goals, by the club's name."""
    return {
        club: Fact(
            id=club,
            document="d",
            quote=f"O {club} fez {goals}",
            statement=f"O {club} fez {goals} na época.",
            subject=club,
            relation="gols",
            answer=goals,
        )
        for club, goals in clubs.items()
    }
