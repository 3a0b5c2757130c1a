"""The `drift` command: its subcommands, what they share, and the exit status."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from signatures.errors import DriftError

try:
    import click
except ModuleNotFoundError:
    sys.exit("drift: its packages are missing; install them with: pip install 'upstream-compat[drift]'")

from .output import Output

FAILED = 2
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., Any])


class Group(click.Group):
    """Commands in the order of a user's work, and errors as one line with exit status 2."""

    def main(self, *arguments: Any, **extra: Any) -> NoReturn:
        """Run the command and leave with its exit status."""
        extra["standalone_mode"] = False
        try:
            status = super().main(*arguments, **extra)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx is not None else "drift"
            _fail(f"{error.format_message().rstrip('.')}; see `{command} --help`")
        except click.ClickException as error:
            _fail(error.format_message())
        except click.Abort:
            click.echo("drift: interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None
        raise SystemExit(status)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except DriftError as error:
            _fail(str(error))
        except OSError as error:
            _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")


def _fail(message: str) -> NoReturn:
    click.echo(f"drift: {message}", err=True)
    raise SystemExit(FAILED)


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="upstream-compat", prog_name="drift")
@click.pass_context
def main(context: click.Context) -> None:
    """Find what new releases of transformers, torch and torch-npu break or silently change in your code.

    \b
    Exit status: 0 nothing to report, 1 something to report, 2 could not run.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        context.exit(FAILED)


def output_options(*formats: str) -> Callable[[Command], Command]:
    """The options that every command has; the first format is the default."""

    def decorate(command: Command) -> Command:
        for option in (
            click.option("--no-color", is_flag=True, help="Plain text; so does NO_COLOR in the environment."),
            click.option("-q", "--quiet", is_flag=True, help="No progress and no summary."),
            click.option(
                "-o", "--output", "file", type=click.Path(path_type=Path), help="Write to FILE.", metavar="FILE"
            ),
            click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True),
        ):
            command = option(command)
        return command

    return decorate


def _run(command: str, form: str, file: Path | None, quiet: bool, no_color: bool, **arguments: Any) -> NoReturn:
    """Import what a command needs only when it runs, and turn its answer into the exit status."""
    module = importlib.import_module(f".commands.{command}", __package__)
    with Output(form, file, quiet=quiet, no_color=no_color) as output:
        reported = module.run(output, **arguments)
    raise SystemExit(int(reported))


def _configured(context: click.Context, _: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Take what the command line does not say from `[tool.drift]`; other parameters are read after this one."""
    if not context.resilient_parsing:
        from .configuration import read_configuration

        found = read_configuration(paths)
        context.default_map = found.values if found is not None else None
    return paths


def _completed(name: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """A completion of `completions`, imported when the shell asks for it."""

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[Any]:
        answer: list[Any] = getattr(importlib.import_module(".completions", __package__), name)(begun)
        return answer

    return complete


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", is_eager=True, callback=_configured)
@click.option(
    "--from",
    "old",
    multiple=True,
    metavar="REQ",
    shell_complete=_completed("requirements"),
    help="The release that the code works with.",
)
@click.option(
    "--to",
    "new",
    multiple=True,
    metavar="REQ",
    shell_complete=_completed("requirements"),
    help="The release to move to (the newest known).",
)
@click.option("--likely", is_flag=True, help="Show findings too whose receiver's type is not known.")
@click.option("--device", metavar="NAME", help="Report too what this kind of device cannot do, such as npu.")
@click.option("--select", multiple=True, metavar="RULE", shell_complete=_completed("rules"), help="Only these rules.")
@click.option("--ignore", multiple=True, metavar="RULE", shell_complete=_completed("rules"), help="Not these rules.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files and folders of this name or path.")
@click.option(
    "--per-path-ignores", multiple=True, metavar="PATTERN:RULE", help="Not these rules in files of this name or path."
)
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Accepted findings.")
@click.option("--update-baseline", is_flag=True, help="Accept what is found now: write the baseline.")
@click.option("--reason", metavar="TEXT", help="Why, for new entries of the baseline.")
@click.option("--until", metavar="DATE", help="Their last day, or `never` (in 180 days).")
@click.option("--witness", is_flag=True, help="Run each finding's program in real environments of both releases.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use (one a core).")
@click.option("--no-cache", is_flag=True, help="Check every file anew.")
@output_options("text", "json", "sarif", "github", "markdown", "html")
def check(form: str, file: Path | None, quiet: bool, no_color: bool, **arguments: Any) -> None:
    """Check downstream code: which lines break or silently change.

    PATH is a file, a folder, a wheel, an sdist, or a requirement such as sglang==0.5.11, which is read from the package
    index and never installed.

    \b
    Examples:
      drift check src --to transformers==5.23.0
      drift check sglang==0.5.11 --from transformers==5.3.0 --to transformers==5.6.2
      drift check src --format html --output drift.html
      drift check src --baseline drift-baseline.toml --update-baseline --reason "known, see issue 12"
    """
    from .commands.check import Options

    _run("check", form, file, quiet, no_color, options=Options(**arguments))


@main.command()
@click.argument("symbol")
@click.option("--upstream", metavar="NAME", help="Whose symbol it is, where its first name does not tell.")
@output_options("text", "json", "markdown")
def history(**arguments: Any) -> None:
    """Every definition of a symbol, with the releases it holds in. Moves and aliases are followed.

    \b
    Examples:
      drift history transformers.masking_utils.create_causal_mask
      drift history torch.cuda.amp.autocast --format json
    """
    _run("history", **arguments)


@main.command()
@click.argument("name")
@click.argument("old")
@click.argument("new")
@click.option("--under", metavar="PREFIX", default="", help="Only symbols at or below this dotted path.")
@click.option(
    "--all", "everything", is_flag=True, help="Private names too, what was added, and what moved but still resolves."
)
@output_options("text", "json", "markdown")
def diff(**arguments: Any) -> None:
    """Changes between two releases. What many classes inherit or copy is one row.

    \b
    Examples:
      drift diff transformers 4.57.6 5.23.0
      drift diff transformers 5.3.0 5.6.2 --under transformers.image_processing_utils_fast
    """
    _run("diff", **arguments)


@main.command()
@click.argument("name", required=False)
@output_options("text", "json", "markdown")
def releases(**arguments: Any) -> None:
    """Which releases the history knows.

    \b
    Examples:
      drift releases
      drift releases torch-npu
    """
    _run("releases", **arguments)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@output_options("text", "json")
def update(**arguments: Any) -> None:
    """Read new releases from the package index into your own history.

    \b
    Examples:
      drift update
      drift update transformers
    """
    _run("update", **arguments)


@main.command()
@click.argument("name", required=False)
@output_options("text", "json", "markdown")
def verify(**arguments: Any) -> None:
    """Every adapter of `compat` against every release of the history.

    The sets of a function's adapters hold each release once; what they import is there, and their calls bind, in every
    release that they are for. NAME is an upstream.

    \b
    Examples:
      drift verify
      drift verify transformers --format markdown
    """
    _run("verify", **arguments)


@main.command()
@click.argument("rule", required=False, shell_complete=_completed("rules"))
@output_options("text", "json", "markdown")
def explain(**arguments: Any) -> None:
    """A rule: what it finds, why that happens, and how to repair it. Without RULE, all of them.

    \b
    Examples:
      drift explain
      drift explain parameter-swallowed
    """
    _run("explain", **arguments)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output_options("text")
def completion(**arguments: Any) -> None:
    """Print the completion of a shell: of options, rules, upstreams and releases.

    \b
    Examples:
      drift completion bash --output ~/.local/share/bash-completion/completions/drift
      drift completion fish --output ~/.config/fish/completions/drift.fish
    """
    _run("completion", **arguments)
