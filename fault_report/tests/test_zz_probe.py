import time
from odoo.tests import tagged, mute_logger
from . import test_mail_net as net_
from .test_mail import MailGatewayCase
from .odd_mails import *
@tagged("post_install", "-at_install")
class TestZZ(MailGatewayCase):
    count = net_.TestMailNet.count
    process = net_.TestMailNet.process
    find_raw = net_.TestMailNet.find_raw
    def test_zz(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "99999")
        self.enterContext(mute_logger(*net_.MUTED))
        out=[]
        t0=time.process_time(); n=0; net=0; nolost=0
        for label, raw in OddMails().make_all():
            n+=1
            b=self.env["fault.report"].search([])
            t=time.process_time()
            self.process(raw)
            t=time.process_time()-t
            r=self.env["fault.report"].search([])-b
            k=bool(self.find_raw(r))
            net+=k
            has=TEXT.decode() in (r.comment or "")
            if k or not has or t>0.5: out.append((label, "NET" if k else "", round(t,2), (r.name or "")[:40], (r.comment or "")[:60], r.email_from))
        open("/tmp/c_probe.txt","w").write("%s mails, %s net, %.1f s\n"%(n,net,time.process_time()-t0)+"\n".join(map(repr,out)))
