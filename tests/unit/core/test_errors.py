from gabarito.core import errors


def kinds(root: type[errors.GabaritoError]) -> set[type[errors.GabaritoError]]:
    return {root}.union(*(kinds(kind) for kind in root.__subclasses__()))


def test_every_error_has_a_code_of_the_table() -> None:
    assert {kind.exit_code for kind in kinds(errors.GabaritoError)} <= set(errors.EXIT_CODES)


def test_every_code_but_success_has_an_error() -> None:
    codes = {kind.exit_code for kind in kinds(errors.GabaritoError)}
    assert codes == set(errors.EXIT_CODES) - {0}


def test_what_cannot_get_better_is_never_retried() -> None:
    assert {64, 65, 77, 78} == errors.NEVER_RETRIED


def test_what_others_are_to_blame_for_is_retried_and_never_counted() -> None:
    others = {errors.ServiceError.exit_code, errors.Interrupted.exit_code}
    assert others == errors.NEVER_COUNTED
    assert not errors.NEVER_COUNTED & errors.NEVER_RETRIED


def test_an_exit_code_tells_its_error() -> None:
    for code in set(errors.EXIT_CODES) - {0, 1}:
        assert errors.error_of(code).exit_code == code
    assert errors.error_of(65) is errors.DataError
    assert errors.error_of(137) is errors.BugError


def test_a_stage_that_ends_like_python_itself_did_not_fail_a_gate() -> None:
    assert errors.error_of(errors.GateFailed.exit_code) is errors.BugError
    assert errors.GateFailed.exit_code not in errors.NEVER_RETRIED
