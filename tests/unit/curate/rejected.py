from collections import Counter
from collections.abc import Iterable

from gabarito.core.records import Rejection


def reasons(dropped: Iterable[Rejection]) -> Counter[str]:
    """Count rejections by reason."""
    return Counter(rejection.reason for rejection in dropped)
