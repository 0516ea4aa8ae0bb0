import io
import threading

from rich.console import Console

from modpkg.cli.live import LiveSink, live_sink
from modpkg.events import Output, Progress, StepFinished, StepSkipped, StepStarted, Warned


def sink_and_stream(*, verbose: bool = False) -> tuple[LiveSink, io.StringIO]:
    stream = io.StringIO()
    return LiveSink(Console(file=stream, width=200, markup=False), verbose=verbose), stream


def view(sink: LiveSink) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=200).print(sink.view())
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_running_step_is_in_the_view_until_it_ends() -> None:
    sink, stream = sink_and_stream()
    sink(StepStarted("build core"))
    assert "build core" in view(sink)[0]
    sink(StepFinished("build core", 1.5, 1.0))
    assert view(sink) in ([], [""])
    assert stream.getvalue() == "✓ build core  1.50 s\n"


def test_a_step_inside_another_is_indented_and_stays_so_when_it_ends() -> None:
    sink, stream = sink_and_stream()
    sink(StepStarted("build core"))
    sink(StepStarted("install"))
    outer, inner = view(sink)
    assert inner.index("install") == outer.index("build core") + 2
    sink(StepFinished("install", 1.0, 1.0))
    sink(StepFinished("build core", 2.0, 2.0))
    assert stream.getvalue().splitlines() == ["  ✓ install  1.00 s", "✓ build core  2.00 s"]


def test_steps_of_two_threads_stand_beside_each_other() -> None:
    sink, _ = sink_and_stream()
    sink(StepStarted("build core"))
    other = threading.Thread(target=lambda: sink(StepStarted("fetch kernel")))
    other.start()
    other.join()
    first, second = view(sink)
    assert first.index("build core") == second.index("fetch kernel")


def test_progress_is_a_bar_with_words() -> None:
    sink, _ = sink_and_stream()
    sink(StepStarted("fetch"))
    sink(Progress("fetch", 50_000_000, 100_000_000, "bytes"))
    assert "━" in view(sink)[0]
    assert "50.0 MB of 100.0 MB" in view(sink)[0]


def test_progress_alone_is_shown_until_it_is_complete() -> None:
    sink, stream = sink_and_stream()
    sink(Progress("fetch", 1, 2, "files"))
    assert "fetch" in view(sink)[0]
    sink(Progress("fetch", 2, 2, "files"))
    assert view(sink) in ([], [""])
    assert stream.getvalue() == ""


def test_a_step_that_began_ends_only_when_it_says_so() -> None:
    sink, _ = sink_and_stream()
    sink(StepStarted("fetch"))
    sink(Progress("fetch", 2, 2, "files"))
    assert "fetch" in view(sink)[0]


def test_the_last_line_of_a_program_stands_beside_the_innermost_step() -> None:
    sink, stream = sink_and_stream()
    sink(StepStarted("build core"))
    sink(StepStarted("install"))
    sink(Output("apt-get", "Unpacking [bold]dash"))
    outer, inner = view(sink)
    assert "Unpacking" not in outer
    assert "Unpacking [bold]dash" in inner
    assert stream.getvalue() == ""


def test_with_verbose_every_line_is_kept_above() -> None:
    sink, stream = sink_and_stream(verbose=True)
    sink(StepStarted("install"))
    sink(Output("apt-get", "Unpacking [bold]dash"))
    assert stream.getvalue() == "Unpacking [bold]dash\n"


def test_what_had_nothing_to_do_says_why() -> None:
    sink, stream = sink_and_stream()
    sink(StepSkipped("pack core", "nothing changed"))
    assert stream.getvalue() == "- pack core  nothing changed\n"


def test_a_warning_shows_the_way_out() -> None:
    sink, stream = sink_and_stream()
    sink(Warned("the archive moved on", "modpkg lock-platform bookworm"))
    assert stream.getvalue() == "warning: the archive moved on\n  hint: modpkg lock-platform bookworm\n"


def test_an_error_inside_the_block_passes_and_the_view_is_gone() -> None:
    stream = io.StringIO()

    def fail() -> None:
        with live_sink(stream, verbose=False) as sink:
            sink(StepStarted("build core"))
            raise ArithmeticError

    try:
        fail()
    except ArithmeticError:
        passed = True
    assert passed
