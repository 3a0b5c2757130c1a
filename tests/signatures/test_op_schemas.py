from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.model import Assignment, Body, Entry, Function, Kind, Parameter, Signature, decode
from signatures.op_schemas import (
    ATEN_YAML,
    NPU_LIBRARY,
    NPU_MODULES,
    InvalidSchema,
    Schema,
    file_schemas,
    library_schemas,
    module_schemas,
    op_entries,
    operator_files,
    parse_schema,
    schema_text,
    yaml_schemas,
)
from signatures.wheels import open_source


def function(schema: Schema) -> Function:
    assert schema.function is not None
    return schema.function


def stated(schemas: list[Schema]) -> list[str]:
    return [schema_text(schema) for schema in schemas]


def by_key(entries: list[Entry]) -> dict[str, Entry]:
    return {entry.key: entry for entry in entries}


def test_a_schema_in_full() -> None:
    parameters = 'Tensor x, Tensor[]? y, *, float[2] f=[1,2], str s="a, (b", Tensor(a!) out'

    schema = parse_schema(f"npu::scale.out({parameters}) -> (Tensor, Tensor(a!))")

    assert schema[:3] == ("npu", "scale", "out")
    assert function(schema) == Function(
        "scale",
        Signature(
            (
                Parameter("x", Kind.POSITIONAL_OR_KEYWORD, None, "Tensor"),
                Parameter("y", Kind.POSITIONAL_OR_KEYWORD, None, "Tensor[]?"),
                Parameter("f", Kind.KEYWORD_ONLY, "[1.0, 2.0]", "float[2]"),
                Parameter("s", Kind.KEYWORD_ONLY, "'a, (b'", "str"),
                Parameter("out", Kind.KEYWORD_ONLY, None, "Tensor(a!)"),
            ),
            "(Tensor, Tensor(a!))",
        ),
        body=Body(returns=("tuple:2",)),
    )


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("f", ("given", "f", "")),
        ("f.Tensor", ("given", "f", "Tensor")),
        ("other::f", ("other", "f", "")),
        ("  f", ("given", "f", "")),
    ],
)
def test_the_name(head: str, named: tuple[str, str, str]) -> None:
    assert parse_schema(f"{head}() -> ()", "given")[:3] == named


# On the right is what torch's own parser makes of the default; dtypes and formats, numbers for it, keep their names.
@pytest.mark.parametrize(
    ("declared", "default"),
    [
        ("int? a=None", "None"),
        ("bool a=True", "True"),
        ("int a=-1", "-1"),
        ("float a=1", "1.0"),
        ("float? a=1e-5", "1e-05"),
        ("float a=0.00001", "1e-05"),
        ("float a=1.", "1.0"),
        ("Scalar a=1", "1"),
        ("Scalar a=1.", "1.0"),
        ('str a=""', "''"),
        ("str a='it'", "'it'"),
        ('str a="it\'s"', '"it\'s"'),
        (r'str a="\""', r'"\""'),
        ("int[] a=[]", "[]"),
        ("int[2] a=[1,1]", "[1, 1]"),
        ("int[2] a=1", "[1, 1]"),
        ("int[2]? a=1", "1"),
        ("int[1]? a=None", "None"),
        ("float[] a=[0,1]", "[0.0, 1.0]"),
        ("int reduction=Mean", "1"),
        ("ScalarType? dtype=long", "torch.long"),
        ("MemoryFormat a=contiguous_format", "torch.contiguous_format"),
    ],
)
def test_a_default_is_the_python_value(declared: str, default: str) -> None:
    [parameter] = function(parse_schema(f"f({declared}) -> ()")).signature.parameters

    assert parameter.default == default


@pytest.mark.parametrize(
    ("returns", "word"),
    [
        ("()", "None"),
        ("Tensor", "Tensor"),
        ("Tensor(a!)", "Tensor"),
        ("Tensor(a)[]", "Tensor[]"),
        ("Tensor out", "Tensor"),
        ("(Tensor out)", "Tensor"),
        ("(Tensor, Tensor)", "tuple:2"),
        ("(Tensor(a!) values, Tensor(b!) indices, int)", "tuple:3"),
        ("int", "int"),
    ],
)
def test_what_comes_back(returns: str, word: str) -> None:
    read = function(parse_schema(f"f(Tensor(a -> *) self) -> {returns}"))

    assert read.body.returns == (word,)
    assert read.signature.returns == returns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "f",
        "f(",
        "f() ->",
        "f() Tensor",
        "1f() -> ()",
        "f.() -> ()",
        "f(x) -> ()",
        "f(Tensor) -> ()",
        "f(Tensor x,) -> ()",
        "f(Tensor x=) -> ()",
        "f(Tensor x=%d) -> ()",
        "f(Tensor x=1) -> (Tensor",
        "f(str x='a) -> ()",
        "f(int[2 x) -> ()",
        "f(int(2] x) -> ()",
        "f(*, int a, *, int b) -> ()",
        "f(std::vector<int> x) -> bool",
        "f(Tensor x) -> Tensor and more text",
        "f(Tensor x) -> (Tensor) and more",
    ],
)
def test_another_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InvalidSchema) as refused:
        parse_schema(text)

    assert str(refused.value).startswith("not an operator schema: ")
    assert "\n" not in str(refused.value)


def test_a_refusal_does_not_repeat_a_long_text() -> None:
    with pytest.raises(InvalidSchema) as refused:
        parse_schema("f(" + "x" * 100_000)

    assert len(str(refused.value)) < 300


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
TYPED_DEFAULTS: dict[str, st.SearchStrategy[str]] = {
    "Tensor": st.nothing(),
    "Tensor(a!)": st.nothing(),
    "Tensor?[]": st.nothing(),
    "int": st.integers(-(10**9), 10**9).map(str),
    "bool?": st.sampled_from(["None", "True", "False"]),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "str": st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=9)
    .filter(lambda text: not {"'", '"'} <= set(text))
    .map(repr),
    "int[]": st.lists(st.integers(-9, 9)).map(str),
    "ScalarType": st.sampled_from(["torch.long", "torch.half"]),
}


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    def parameter(kind: Kind) -> Parameter:
        annotation = draw(st.sampled_from(sorted(TYPED_DEFAULTS)))
        return Parameter(draw(names), kind, draw(st.none() | TYPED_DEFAULTS[annotation]), annotation)

    kinds = sorted(draw(st.lists(st.sampled_from([Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY]), max_size=6)))
    signature = Signature(tuple(map(parameter, kinds)), draw(st.sampled_from(["Tensor", "(Tensor, int)", "()"])))
    word = {"Tensor": "Tensor", "(Tensor, int)": "tuple:2", "()": "None"}[str(signature.returns)]
    name = draw(names)
    return Schema(
        draw(st.just("") | names),
        name,
        draw(st.just("") | names),
        Function(name, signature, body=Body(returns=(word,))),
    )


@given(schemas())
def test_what_is_written_reads_back(schema: Schema) -> None:
    assert parse_schema(schema_text(schema)) == schema


@given(st.text(st.sampled_from("f(){}[]*,=.:?!\"'\\ ->Tintab01\0\n"), max_size=40))
def test_any_text_is_a_schema_or_refused(text: str) -> None:
    try:
        schema = parse_schema(text)
    except InvalidSchema:
        return
    assert parse_schema(schema_text(schema)) == schema


def test_a_library_is_read_between_its_nul_bytes() -> None:
    library = (
        b"\x7fELF\0\x01add_one(Tensor x) -> Tensor\0"
        b"add(Tensor input, Tensor other) -> Tensor\0add.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)\0"
        b"\xff\xfe\0npu::sub(Tensor x) -> ()\0aten::mul(Tensor x) -> ()\0"
        b"the caller(s) -> callee\0cut(Tensor x) -> Ten"
    )

    assert stated(library_schemas(library, "npu")) == [
        "npu::add(Tensor input, Tensor other) -> Tensor",
        "npu::add.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)",
        "npu::sub(Tensor x) -> ()",
    ]


def test_operators_on_a_script_class_are_registered_elsewhere() -> None:
    group = "__torch__.torch.classes.npu_custom_dist.ProcessGroupHCCL"
    library = f"\0gather(Tensor x, {group} group) -> Tensor\0add(Tensor x) -> Tensor\0"

    assert stated(library_schemas(library.encode(), "npu")) == ["npu::add(Tensor x) -> Tensor"]


@pytest.mark.parametrize("library", [b"", b"\x7fELF\0text\0", b") -> ", b"\0f(Tensor x) -> Tensor", b") -> " * 5000])
def test_a_library_without_schemas_is_not_a_release_without_operators(library: bytes) -> None:
    with pytest.raises(InvalidSchema, match=r"^torch_npu/lib/libtorch_npu\.so: no operator schema"):
        file_schemas(NPU_LIBRARY, library)


def test_a_module_defines_operators_on_its_library() -> None:
    source = b"""
import torch
pattern = "\\d"
mine = torch.library.Library("npu", "FRAGMENT")
theirs = torch.library.Library("air", "FRAGMENT")
if not hasattr(torch.ops.npu, "mark"):
    mine.define("mark(str? name=None) -> ()")
    mine.define("mark.list(Tensor[] x) -> "
                "None")
    theirs.define("other(Tensor x) -> ()")
    mine.impl("mark", print, "CPU")
unknown.define("third(Tensor x) -> ()")
mine.define(text)
"""

    assert stated(module_schemas(source, "npu")) == [
        "npu::mark(str? name=None) -> ()",
        "npu::mark.list(Tensor[] x) -> None",
    ]


@pytest.mark.parametrize("source", [b"def f(", b"\0", b"(" * 10_000, b"# coding: none\nx"])
def test_a_module_that_is_not_python_is_refused(source: bytes) -> None:
    with pytest.raises(InvalidSchema, match=r"^torch_npu/npu/graphs\.py: cannot be parsed"):
        file_schemas("torch_npu/npu/graphs.py", source)


YAML = """\
# - func: commented(Tensor self) -> Tensor
- func: zero_(Tensor(a!) self) -> Tensor(a!)
  variants: method
  autogen: zero, zero.out

  #- func: also_commented(Tensor self) -> Tensor
- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
- func: add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
- func: sqrt(Tensor self) -> Tensor
- func: sqrt.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)
- func: floor(Tensor self) -> Tensor
"""


def test_native_functions_are_read_line_by_line() -> None:
    assert stated(yaml_schemas(YAML, "aten")) == [
        "aten::zero_(Tensor(a!) self) -> Tensor(a!)",
        "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
        "aten::sqrt(Tensor self) -> Tensor",
        "aten::sqrt.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)",
        "aten::floor(Tensor self) -> Tensor",
        "aten::zero",
        "aten::zero.out",
    ]


@pytest.mark.parametrize("text", ["", "- name: x\n", "- func: broken(Tensor self\n"])
def test_a_yaml_file_without_schemas_is_refused(text: str) -> None:
    with pytest.raises(InvalidSchema, match=r"^torchgen/packaged/"):
        file_schemas(ATEN_YAML, text.encode())


def test_every_packet_has_an_entry_under_its_name() -> None:
    entries = by_key(op_entries(yaml_schemas(YAML, "aten"))["torch.ops.aten"])

    assert sorted(entries) == [
        "add", "add@Scalar", "add@Tensor", "floor", "sqrt", "sqrt@out", "zero", "zero@out", "zero_"
    ]  # fmt: skip
    assert decode(*entries["add"]) == Assignment("add", annotation="OpOverloadPacket")
    assert decode(*entries["zero"]) == Assignment("zero", annotation="OpOverloadPacket")
    assert decode(*entries["zero@out"]) == Assignment("zero@out", annotation="OpOverload")


def test_overloads_carry_a_flag() -> None:
    found = {
        key: decode(*entry) for key, entry in by_key(op_entries(yaml_schemas(YAML, "aten"))["torch.ops.aten"]).items()
    }

    flagged = {key for key, definition in found.items() if isinstance(definition, Function) and definition.flags}
    assert flagged == {"add@Scalar", "add@Tensor", "sqrt", "sqrt@out"}


def test_an_entry_keeps_signature_and_returns() -> None:
    schema = parse_schema("npu::f(Tensor input, *, float eps=1e-5) -> (Tensor, Tensor)")

    [entry] = op_entries([schema])["torch.ops.npu"]
    assert decode(*entry) == schema.function


def test_entries_do_not_depend_on_order_or_repetition() -> None:
    found = yaml_schemas(YAML, "aten")
    others = [parse_schema("npu::f(Tensor x) -> Tensor")]

    assert op_entries([*others, *found]) == op_entries([*reversed(found), *found, *others])
    assert sorted(op_entries([*found, *others])) == ["torch.ops.aten", "torch.ops.npu"]


@pytest.mark.parametrize(
    ("paths", "files"),
    [
        ([], {}),
        ([ATEN_YAML, "torch/__init__.py"], {"torch.ops.aten": (ATEN_YAML,)}),
        ([*NPU_MODULES, NPU_LIBRARY], {"torch.ops.npu": (NPU_LIBRARY, *NPU_MODULES)}),
        ([NPU_LIBRARY], {"torch.ops.npu": (NPU_LIBRARY,)}),
        ([*NPU_MODULES], {}),
    ],
)
def test_which_files_state_operators(paths: list[str], files: dict[str, tuple[str, ...]]) -> None:
    assert operator_files(paths) == files


@pytest.mark.parametrize(("version", "registered"), [("2.12.0", 418), ("2.13.0", 419)])
def test_a_released_library(released_wheel: Callable[[str, str], Path], version: str, registered: int) -> None:
    with open_source(released_wheel("torch-npu", version)) as source:
        files = operator_files(source.files())["torch.ops.npu"]
        found = {path: file_schemas(path, source.read(path)) for path in files}
    entries = by_key(op_entries(schema for part in found.values() for schema in part)["torch.ops.npu"])

    assert len(found[NPU_LIBRARY]) == registered
    assert "set_op_timeout_ms" in entries
    assert not [key for key in entries if key.startswith("wrap_")]
    delta_rule = decode(*entries["npu_recurrent_gated_delta_rule"])
    assert isinstance(delta_rule, Function)
    assert delta_rule.signature.get("num_accepted_tokens") == (
        "num_accepted_tokens", Kind.KEYWORD_ONLY, "None", "Tensor?"
    )  # fmt: skip
    assert delta_rule.signature.get("num_accept_tokens") is None
