from pathlib import Path

import pytest

from modpkg.cli.options import Options, Session, Surroundings, find_project, parse_options, parse_output
from modpkg.errors import BadInputError
from modpkg.events import ignore

HOME = Path("/home/ana")


def around(here: Path, **environment: str) -> Surroundings:
    return Surroundings(environment=environment, here=here, home=HOME)


def parsed(surroundings: Surroundings, *, work: str | None = None, store: str | None = None) -> Options:
    return parse_options(surroundings, output="text", work=work, store=store, verbose=False)


@pytest.mark.parametrize("output", ["text", "json", "json-lines"])
def test_every_way_to_answer_is_read(output: str) -> None:
    assert parse_output(output) == output


def test_another_way_to_answer_names_those_there_are() -> None:
    with pytest.raises(BadInputError) as caught:
        parse_output("yaml")
    assert str(caught.value) == (
        "--output: cannot answer as 'yaml'\n  hint: choose one of text, json, json-lines"
    )


def test_the_project_is_the_nearest_folder_with_recipes(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "recipes").mkdir()
    assert find_project(inner) == tmp_path
    (tmp_path / "outer" / "recipes").mkdir()
    assert find_project(inner) == tmp_path / "outer"


def test_without_recipes_the_project_is_where_we_are(tmp_path: Path) -> None:
    assert find_project(tmp_path) == tmp_path


def test_a_file_named_recipes_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "recipes").write_text("soup")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert find_project(inner) == inner


def test_by_default_the_work_is_in_the_checkout_and_the_store_is_shared(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    inner = tmp_path / "inner"
    inner.mkdir()
    options = parsed(around(inner))
    assert options.work == tmp_path / "build"
    assert options.store == HOME / ".cache" / "modpkg"


def test_the_store_follows_the_place_of_caches(tmp_path: Path) -> None:
    assert parsed(around(tmp_path, XDG_CACHE_HOME="/caches")).store == Path("/caches/modpkg")


def test_the_environment_goes_before_the_default_and_the_command_line_before_both(tmp_path: Path) -> None:
    surroundings = around(tmp_path, MODPKG_WORK="/a", MODPKG_STORE="/b")
    assert parsed(surroundings).work == Path("/a")
    assert parsed(surroundings).store == Path("/b")
    told = parsed(surroundings, work="/c", store="/d")
    assert (told.work, told.store) == (Path("/c"), Path("/d"))


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert parsed(around(tmp_path, MODPKG_WORK="")).work == tmp_path / "build"


def test_paths_are_relative_to_where_the_user_is(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    inner = tmp_path / "inner"
    inner.mkdir()
    assert parsed(around(inner), work="out").work == inner / "out"


def test_a_tilde_that_the_shell_left_is_the_home(tmp_path: Path) -> None:
    options = parsed(around(tmp_path), work="~/work", store="~")
    assert (options.work, options.store) == (HOME / "work", HOME)
    assert parsed(around(tmp_path), work="~ana/x").work == tmp_path / "~ana" / "x"


def test_a_session_knows_where_the_recipes_are() -> None:
    session = Session(project=Path("/p"), work=Path("/w"), store=Path("/s"), sink=ignore)
    assert session.recipes == Path("/p/recipes")
