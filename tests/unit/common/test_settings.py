import pytest

from promotion.common.settings import Input, Settings, read_settings
from promotion.errors import UsageError

TABLE = (
    Input(name="manifest-repository", required=True, help="Where manifests go."),
    Input(name="dry-run", kind="boolean", default="false", help="No push."),
    Input(name="configs", kind="list", default="a, b", help="Names."),
    Input(name="hooks", kind="choice", choices=("deny", "allow"), default="deny", help="Hooks."),
)


def test_a_flag_wins_over_the_runners_variable_and_that_over_the_default() -> None:
    environment = {"INPUT_CONFIGS": "prod azure", "INPUT_DRY-RUN": "true"}
    settings = read_settings(TABLE, {"dry-run": "false", "configs": None}, environment)
    assert settings.words("configs") == ("prod", "azure")
    assert settings.flag("dry-run") is False
    assert settings.text("hooks") == "deny"


def test_an_empty_input_counts_as_not_given() -> None:
    assert read_settings(TABLE, {}, {"INPUT_CONFIGS": " "}).words("configs") == ("a", "b")


@pytest.mark.parametrize("value", ["ture", "yes", "1", "on", "tRUE"])
def test_booleans_are_strict(value: str) -> None:
    with pytest.raises(UsageError, match=f"dry-run is '{value}'.*`true` or `false`"):
        read_settings(TABLE, {}, {"INPUT_DRY-RUN": value})


def test_a_choice_must_be_one_of_them() -> None:
    with pytest.raises(UsageError, match="`deny` or `allow`"):
        read_settings(TABLE, {"hooks": "allowed"}, {})


def test_a_required_input_says_what_it_is_for() -> None:
    with pytest.raises(UsageError, match=r"^input manifest-repository is missing\. .*Where manifests go\."):
        Settings(TABLE, {}).text("manifest-repository")


def test_lists_take_commas_blanks_and_lines_and_name_each_once() -> None:
    assert Settings(TABLE, {"configs": "prod,azure\n prod\teast"}).words("configs") == (
        "prod",
        "azure",
        "east",
    )


def test_unknown_names_are_an_error() -> None:
    with pytest.raises(UsageError, match="confgis"):
        Settings(TABLE, {"confgis": "x"})


def test_inputs_can_be_taken_back() -> None:
    table = [Input(name=name, help="", default=f"default {name}") for name in ("one", "two", "three")]
    settings = Settings(table, {"one": "1", "two": "2", "three": "3"})
    left = settings.without(name for name in ("one", "three"))
    assert [left.text(name) for name in ("one", "two", "three")] == ["default one", "2", "default three"]
    assert settings.text("one") == "1"


def test_underscores_stand_for_hyphens_which_come_first() -> None:
    def read(**variables: str) -> str:
        return read_settings(TABLE, {}, variables).text("manifest-repository")

    assert read(INPUT_MANIFEST_REPOSITORY="acme/one") == "acme/one"
    assert read(**{"INPUT_MANIFEST-REPOSITORY": "acme/two", "INPUT_MANIFEST_REPOSITORY": "acme/one"}) == (
        "acme/two"
    )
    assert read(**{"INPUT_MANIFEST-REPOSITORY": " ", "INPUT_MANIFEST_REPOSITORY": "acme/one"}) == "acme/one"
