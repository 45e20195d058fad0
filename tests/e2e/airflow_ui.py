"""Airflow's web interface as a user sees it: the steps that our tests take in a browser, for each major version."""

from __future__ import annotations

import re

from playwright.sync_api import Frame, Locator, Page

from harness.settings import LOGIN, PASSWORD


class Airflow3Ui:
    """The React interface of Airflow 3."""

    extra = "element_{}"

    def __init__(self, page: Page, url: str) -> None:
        """Sign in."""
        self.page, self.url = page, url
        page.goto(f"{url}/connections")
        page.get_by_label("Username").fill(LOGIN)
        page.locator("input[type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Add Connection").wait_for()

    @property
    def form(self) -> Locator:
        """The connection form."""
        return self.page.get_by_role("dialog")

    def new_connection(self, conn_id: str, type_label: str) -> None:
        """Open the form and choose the connection's type in it."""
        self.page.get_by_role("button", name="Add Connection").click()
        self.field("connection_id").fill(conn_id)
        self.form.get_by_role("combobox").fill(type_label)
        self.page.keyboard.press("Enter")
        self.field("host").wait_for()

    def show_extras(self) -> None:
        """Unfold the part with the extras."""
        self.form.get_by_role("button", name=re.compile("Extra Fields$")).click()
        self.field(self.extra.format("read_timeout")).wait_for()

    def field(self, name: str) -> Locator:
        """The input of that name."""
        return self.form.locator(f"[name={name}]")

    def tick(self, extra: str) -> None:
        """Switch an extra on."""
        self.form.locator(f"label:has([name={self.extra.format(extra)}])").click()

    def save(self) -> None:
        """Save the form and wait until it is closed."""
        self.form.get_by_role("button", name="Save").click()
        self.form.wait_for(state="hidden")

    def save_and_test(self, conn_id: str) -> str:
        """Save, press Test in the list of connections, and return what is told."""
        self.save()
        row = self.page.get_by_role("row").filter(has_text=conn_id)
        row.get_by_role("button", name="Test Connection").click()
        return self.page.locator("[data-scope=toast][data-part=root]").filter(has_text="Test Connection").inner_text()

    def edit(self, conn_id: str) -> None:
        """Open the form of a connection that is saved."""
        row = self.page.get_by_role("row").filter(has_text=conn_id)
        row.get_by_role("button", name="Edit Connection").click()
        self.field("host").wait_for()

    def open_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Open the page of a task instance."""
        self.page.goto(f"{self.url}/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/details")

    def link(self, name: str) -> Locator:
        """The extra link of that name. Its address may come after it."""
        return self.page.get_by_role("link", name=name, exact=True)

    def darken(self) -> None:
        """Switch to the dark theme, from the next page on."""
        self.page.evaluate("localStorage.setItem('theme', 'dark')")

    def open_transcript(self, dag_id: str, run_id: str, task_id: str) -> Frame:
        """Open the tab of a task instance with its transcripts; return the viewer, which is in a frame."""
        self.open_task(dag_id, run_id, task_id)
        self.page.locator("a[href$='/plugin/fluxions-transcript']").click()
        viewer = self.page.locator("iframe").element_handle().content_frame()
        assert viewer is not None
        viewer.get_by_role("banner").wait_for()
        return viewer


class Airflow2Ui(Airflow3Ui):
    """The interface of Airflow 2, by Flask App Builder."""

    extra = "extra__fluxions__{}"

    def __init__(self, page: Page, url: str) -> None:
        """Sign in."""
        self.page, self.url = page, url
        page.goto(f"{url}/login/")
        page.locator("[name=username]").fill(LOGIN)
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/home*")

    @property
    def form(self) -> Locator:
        """The connection form."""
        return self.page.locator("form#model_form, form[action*=connection]").first

    def new_connection(self, conn_id: str, type_label: str) -> None:
        """Open the form and choose the connection's type in it."""
        self.page.goto(f"{self.url}/connection/add")
        self.field("conn_id").fill(conn_id)
        # Select2 hides the element that it dresses up.
        self.page.locator("#conn_type").select_option(label=type_label, force=True)
        self.field(self.extra.format("read_timeout")).wait_for()

    def show_extras(self) -> None:
        """Do nothing: all is on one page."""

    def tick(self, extra: str) -> None:
        """Switch an extra on."""
        self.field(self.extra.format(extra)).check()

    def save(self) -> None:
        """Save the form and wait for the page that follows: the one before it, whichever that was."""
        form_url = self.page.url
        self.form.get_by_role("button", name="Save").click()
        self.page.wait_for_url(lambda url: url != form_url)

    def save_and_test(self, conn_id: str) -> str:
        """Press Test in the form, save, and return what was told."""
        self.page.locator("#test-connection").click()
        told = self.page.locator(".alert.alert-success, .alert.alert-error").inner_text()
        self.save()
        return told

    def edit(self, conn_id: str) -> None:
        """Open the form of a connection that is saved."""
        self.page.goto(f"{self.url}/connection/list/")
        row = self.page.get_by_role("row").filter(has_text=conn_id)
        row.locator("a[href*='/connection/edit/']").click()
        self.field("host").wait_for()

    def open_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Open the page of a task instance."""
        self.page.goto(f"{self.url}/dags/{dag_id}/grid?dag_run_id={run_id}&task_id={task_id}&tab=details")

    def darken(self) -> None:
        """Switch to the dark theme, from the next page on."""
        self.page.evaluate("localStorage.setItem('darkTheme', 'true')")

    def open_transcript(self, dag_id: str, run_id: str, task_id: str) -> Frame:
        """Follow the extra link of a task instance to its transcripts; return the viewer, a page of its own."""
        self.open_task(dag_id, run_id, task_id)
        self.link("Transcript").click()
        self.page.wait_for_url("**/fluxions/view?*")
        self.page.get_by_role("banner").wait_for()
        return self.page.main_frame
