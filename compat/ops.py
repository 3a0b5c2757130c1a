"""Operators of torch-npu and of other libraries, called by what their schema takes and never by a version."""

from __future__ import annotations

from ._accepted_arguments import Accepted, accepted_by
from ._arrangements import CallMismatch, arrangement_for, by_order, names_of
from ._backends import torch_with_backends
from ._npu_operators import CHANGED_DEFAULTS, EVERYWHERE, PARAMETERS, RENAMED
from ._prepared_calls import with_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from ._arrangements import Arrangement

    Renames = Mapping[str, str | Iterable[str]]
    Names = str | Iterable[str]

__all__ = ["CallMismatch", "MissingOperator", "call", "find", "parameters", "prepare", "takes"]


class MissingOperator(LookupError):
    """No operator of that name is registered here."""


def find(*names: str) -> Callable[..., Any]:
    """The first of some operators that is registered here, under this name or another that it has had.

    Args:
        *names: Such as `npu_rms_norm`, which is `torch.ops.npu.npu_rms_norm`, or with another namespace:
            `_C_ascend::npu_recurrent_gated_delta_rule`. What is no operator is looked for as a function of torch_npu.

    Raises:
        MissingOperator: None of them is there.
    """
    torch = torch_with_backends()
    for name in names:
        for candidate in _names_of_operator(name):
            namespace, _, operator = candidate.rpartition("::")
            found = getattr(getattr(torch.ops, namespace or "npu"), operator, None)
            if found is None and not namespace:
                from sys import modules

                found = getattr(modules.get("torch_npu"), operator, None)
            if found is not None:
                return found  # type: ignore[no-any-return]
    from ._releases import installed_release

    release = installed_release("torch-npu")
    where = f"torch-npu {release}" if release else "this environment, where torch-npu is not installed,"
    raise MissingOperator(f"{where} has no operator {' or '.join(names)}")


def parameters(operator: str | Callable[..., Any]) -> tuple[str, ...]:
    """The names of an operator's parameters, of all its overloads.

    Args:
        operator: A name as for `find`, or the operator.

    Raises:
        MissingOperator: There is no operator of that name.
    """
    _, schemas = _looked_up(operator)
    return tuple(dict.fromkeys(name for schema in schemas for name in [*schema.positional, *sorted(schema.keywords)]))


def takes(operator: str | Callable[..., Any], name: str) -> bool:
    """Whether an operator has a parameter of that name.

    Args:
        operator: A name as for `find`, or the operator.
        name: The parameter's name.

    Raises:
        MissingOperator: There is no operator of that name.
    """
    return name in parameters(operator)


def call(
    operator: str | Callable[..., Any],
    /,
    *args: Any,
    order: Names | None = None,
    renames: Renames | None = None,
    optional: Names = (),
    **keywords: Any,
) -> Any:
    """Call an operator with those of the arguments that its schema takes, under the names that it has for them.

    Spellings that are known (`activation_mode` and `activation`, `self` and `input`, …) need no `renames`.

    Args:
        operator: A name as for `find`, or the operator.
        *args: Handed on by position; where `order` is given, by the names there.
        order: The parameters as the caller knows them: torch-npu inserts new ones between old ones (`beta` of
            `npu_add_rms_norm_quant`, 2025-10), and what follows shifts silently.
        renames: Spellings of one parameter: a name, and the other name or names that it has had, in any direction.
        optional: Arguments that are left out where the operator has no such parameter.
        **keywords: The arguments.

    Raises:
        MissingOperator: There is no operator of that name.
        CallMismatch: An argument is none of the operator's: it says what the schema takes. Or the default of a
            parameter that was left out is not the same on every release.
    """
    found, schemas = _looked_up(operator)
    arrangements = _arrangements(schemas, renames, optional)
    if order is not None:
        given = [*by_order(schemas[0], names_of(order), args), *keywords.items()]
        placed, named = _first_fitting(arrangements, (), given)
    else:
        placed, named = _first_fitting(arrangements, args, keywords.items())
    _require_changed_defaults(schemas[0], {*schemas[0].positional[: len(placed)], *named})
    return found(*placed, **named)


def prepare(
    operator: str | Callable[..., Any], order: Names, *, renames: Renames | None = None, optional: Names = ()
) -> Callable[..., Any]:
    """Make an operator's caller once: the schema is read now, and each call costs next to nothing.

    Args:
        operator: A name as for `find`, or the operator.
        order: The arguments that will be given, in the order in which they may be given by position; no others.
        renames: As for `call`.
        optional: As for `call`.

    Raises:
        MissingOperator: There is no operator of that name.
        CallMismatch: As for `call`.
    """
    found, schemas = _looked_up(operator)
    names = names_of(order)
    refused: CallMismatch | None = None
    for arrangement in _arrangements(schemas, renames, optional):
        try:
            prepared = with_order(found, names, arrangement)
        except CallMismatch as mismatch:
            refused = refused or mismatch
            continue
        _require_changed_defaults(arrangement.accepted, {arrangement.place(name) for name in names})
        return prepared
    raise refused or CallMismatch(f"{operator} has no schema")


def _names_of_operator(name: str) -> tuple[str, ...]:
    renamed = next((group for group in RENAMED if name in group), ())
    return (name, *(other for other in renamed if other != name))


def _looked_up(operator: str | Callable[..., Any]) -> tuple[Callable[..., Any], tuple[Accepted, ...]]:
    found = find(operator) if isinstance(operator, str) else operator
    return found, _schemas(found)


def _schemas(found: Any) -> tuple[Accepted, ...]:
    """What each overload takes; of a Python function, what that takes."""
    if hasattr(found, "_schema"):
        return (_accepted(found._schema),)
    if hasattr(found, "overloads"):
        # Read each time: a library may register a further overload.
        return tuple(_accepted(getattr(found, overload)._schema) for overload in found.overloads())
    try:
        return (accepted_by(found),)
    except ValueError as error:
        raise CallMismatch(str(error)) from None


_READ: dict[Any, Accepted] = {}


def _accepted(schema: Any) -> Accepted:
    # `_schema` is a new object each time, its text is not; names come and go with the process's libraries only.
    key = str(schema)
    if key not in _READ:
        placed = tuple(argument.name for argument in schema.arguments if not argument.kwarg_only)
        keywords = frozenset(argument.name for argument in schema.arguments)
        package = "torch_npu" if schema.name.startswith("npu::") else ""
        _READ[key] = Accepted(schema.name, placed, keywords, package=package)
    return _READ[key]


def _arrangements(schemas: Sequence[Accepted], renames: Renames | None, optional: Names) -> list[Arrangement]:
    name = schemas[0].name.rpartition("::")[2]
    known: dict[str, Any] = {**EVERYWHERE, **PARAMETERS.get(name, {}), **(renames or {})}
    return [arrangement_for(schema, known, optional) for schema in schemas]


def _first_fitting(
    arrangements: Sequence[Arrangement], positional: Sequence[Any], keywords: Iterable[tuple[str, Any]]
) -> tuple[Sequence[Any], dict[str, Any]]:
    refused: list[CallMismatch] = []
    named = list(keywords)
    for arrangement in arrangements:
        try:
            return arrangement.arranged(positional, named)
        except CallMismatch as mismatch:
            refused.append(mismatch)
    raise refused[0]


def _require_changed_defaults(schema: Accepted, given: Iterable[str | None]) -> None:
    for name in CHANGED_DEFAULTS.get(schema.name.rpartition("::")[2], ()):
        if name not in given and schema.takes(name):
            raise CallMismatch(
                f"{schema}: the default of `{name}` is not the same in all releases of torch-npu "
                f"(`drift history torch.ops.npu.{schema.name.rpartition('::')[2]}`): give it"
            )
