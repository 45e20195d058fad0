"""Changes the rules in small ways, one change at a time, and reports the changes that no test notices.

`scripts/mutants` runs it. mutmut writes the changed functions, all into one copy of the module, and a switch between
them (`changes`). The tests run once without a change, which shows the tests that reach each function and what they
cost, then once for each change in a fork, the cheapest test first, until one fails (`runs`). `rules` names the modules
and their tests.
"""
