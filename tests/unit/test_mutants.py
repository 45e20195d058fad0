"""`scripts/mutants`: which changes it chooses, and what its table says."""

from __future__ import annotations

import ast

from harness.mutants.changes import Mutant, changed_lines, only_words_differ
from harness.mutants.report import choose, table
from harness.mutants.rules import MODULES
from harness.mutants.runs import KILLED, LIMIT, NO_TEST, SURVIVED, Reach

RULE = "def wait(seconds):\n    if seconds > 60:\n        raise ValueError('too long a wait')\n    return 'status'"


def parsed(code: str) -> ast.AST:
    return ast.parse(code).body[0]


def mutants(module: str, number: int) -> list[Mutant]:
    return [Mutant(module, f"{module}.x_wait__mutmut_{index}", "") for index in range(number)]


def test_a_change_of_a_sentence_is_no_change_of_a_rule_but_that_of_a_word_is() -> None:
    sentence = RULE.replace("too long a wait", "XXtoo long a waitXX")
    word = RULE.replace("status", "STATUS")
    assert only_words_differ(parsed(RULE), parsed(sentence))
    assert not only_words_differ(parsed(RULE), parsed(word))
    assert not only_words_differ(parsed(RULE), parsed(RULE.replace(">", ">=")))


def test_a_change_of_what_is_logged_is_no_change_of_a_rule() -> None:
    logs = "def wait(seconds):\n    log.info('waiting %s s', seconds)\n    sleep(seconds)"
    assert only_words_differ(parsed(logs), parsed(logs.replace("s', seconds", "s', None")))
    assert not only_words_differ(parsed(logs), parsed(logs.replace("sleep(seconds)", "sleep(None)")))


def test_a_change_is_shown_as_the_lines_that_differ() -> None:
    assert changed_lines(parsed(RULE), parsed(RULE.replace(">", ">="))).splitlines() == [
        "-    if seconds > 60:",
        "+    if seconds >= 60:",
    ]


def test_a_sample_of_a_module_does_not_depend_on_the_other_modules() -> None:
    once, search = mutants("once", 50), mutants("search", 50)
    alone = choose({"once": once}, 5, seed=1)
    assert choose({"search": search, "once": once}, 5, seed=1)[5:] == alone
    assert choose({"once": once}, 5, seed=2) != alone
    assert choose({"once": once[:3]}, 5, seed=1) == once[:3]


def test_the_cheapest_tests_run_first_and_none_that_fails_without_a_change() -> None:
    reach = Reach(cost={"dear": 2.0, "cheap": 0.1, "broken": 0.0}, failed={"broken"})
    reach.tests["x_wait"] |= {"dear", "cheap", "broken"}
    assert reach.of("x_wait") == ["cheap", "dear"]


def test_a_change_that_never_ends_counts_as_killed() -> None:
    found = mutants("once", 5)
    results = list(zip(found, (KILLED, LIMIT, SURVIVED, NO_TEST), strict=False))
    assert "| once | 5 | 4 | 2 (50 %) | 1 | 1 |" in table({"once": found}, results).splitlines()


def test_every_module_with_rules_and_its_tests_exist() -> None:
    from harness.mutants.changes import PACKAGE, ROOT

    paths = [f"{PACKAGE}/{module}.py" for module in MODULES] + [test for tests in MODULES.values() for test in tests]
    assert [path for path in paths if not (ROOT / path).exists()] == []
