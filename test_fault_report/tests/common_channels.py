"""Reports sent over HTTP through each external channel."""

import json
import uuid

from odoo.http import Request

from odoo.addons.fault_report.tests.common_portal import PortalData
from odoo.addons.fault_report_api.tests.common_api import REPORTS, SITE, ApiCase

BY_SCRIPT = {"Accept": "application/json"}


class ChannelsCase(PortalData, ApiCase):
    """Each of `CHANNELS` is the name of a method that files a report."""

    CHANNELS = (
        "send_by_code",
        "send_by_code_page",
        "send_by_api",
        "send_by_page_key",
        "send_by_portal",
        "send_by_portal_page",
        "send_comment",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.company.fault_report_template_id = False
        cls.company.fault_report_rate = 100
        cls.lift.action_renew_fault_report_token()
        cls.code = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        page = cls.make_integration(name="Page", in_page=True, allowed_origins=SITE)
        cls.page_key = cls.make_key(page)
        cls.known = cls.make_report_of_filing()

    @classmethod
    def make_report_of_filing(cls):
        return cls.env["fault.report"].create(
            {"name": "Known", "equipment_id": cls.lift.id}
        )

    def post(self, path, data, headers=()):
        return self.opener.post(
            self.base_url() + path,
            data=data,
            headers=dict(headers),
            allow_redirects=False,
            timeout=60,
        )

    def post_form(self, path, data, headers=(), key=None):
        data = {**data, "idempotency_key": key or uuid.uuid4().hex}
        return self.post(path, data, headers)

    def post_signed_in(self, path, data, headers=(), key=None):
        self.authenticate("portal_filing", "portal_filing")
        data = {**data, "csrf_token": Request.csrf_token(self)}
        answer = self.post_form(path, data, headers, key)
        self.authenticate(None, None)
        return answer

    def post_json(self, api_key, key=None, **data):
        return self.send(
            key=api_key,
            data=json.dumps({"name": "New", **data}),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": key or uuid.uuid4().hex,
                "Origin": SITE,
            },
            path=REPORTS,
        )

    def get_token(self):
        return self.lift.sudo().fault_report_token

    def send_by_code(self, key=None):
        return self.post_form(self.code, {"name": "New"}, BY_SCRIPT, key)

    def send_by_code_page(self, key=None):
        return self.post_form(self.code, {"name": "New"}, key=key)

    def send_by_api(self, key=None):
        return self.post_json(self.key, key, equipment=self.get_token())

    def send_by_page_key(self, key=None):
        return self.post_json(self.page_key, key, equipment=self.get_token())

    def send_by_portal(self, key=None):
        values = {"name": "New", "equipment_id": self.lift.id}
        return self.post_signed_in("/my/fault_reports/new", values, BY_SCRIPT, key)

    def send_by_portal_page(self, key=None):
        values = {"name": "New", "equipment_id": self.lift.id}
        return self.post_signed_in("/my/fault_reports/new", values, key=key)

    def send_comment(self, key=None):
        path = f"/my/fault_reports/{self.known.id}/comment"
        return self.post_signed_in(path, {"comment": "New"}, BY_SCRIPT, key)
