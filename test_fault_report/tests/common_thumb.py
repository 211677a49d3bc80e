"""A thumb on a phone: it types, takes a photo and sends; taps are counted.

Used by tests, and by `benchmarks/thumb.py` with a slow network and processor.
"""

import json

from PIL import Image, ImageFilter

# The forms
PORTAL, CODE, EMBEDDED = "portal", "code", "embedded"
CAMERA = ".o_fr_camera input"
SEND = "[type=submit].o_fr_button"
SENT = {
    PORTAL: ".o_fr_good",
    CODE: ".o_fr_number",
    EMBEDDED: ".o_fr_done[data-state=sent]",
}
HOST = "document.querySelector('.fault-report')?.shadowRoot"
MOST_TAPS = 4
# One screen and a half of a phone
LOWEST = 844 * 1.5


class Thumb:
    """The thumb of a visitor; a tap into a text to type belongs to typing.

    :param page: a `Page` of `common_browser`, in the size of a phone
    :param kind: of the form
    """

    def __init__(self, page, kind):
        self.page = page
        self.kind = kind
        self.taps = 0
        self.letters = 0
        page.send("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
        page.send("Page.setInterceptFileChooserDialog", enabled=True)

    def find(self, selector):
        root = HOST if self.kind == EMBEDDED else "document"
        return f"{root}?.querySelector({json.dumps(selector)})"

    def wait_for(self, selector):
        self.page.wait(f"{self.find(selector)}?.checkVisibility()")

    def touch(self, selector):
        """Touch the middle of an element, which no other element may cover."""
        self.wait_for(selector)
        x, y = self.page.run(
            f"""(() => {{
                const element = {self.find(selector)};
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getBoundingClientRect();
                const point = [box.left + box.width / 2, box.top + box.height / 2];
                const hit = element.getRootNode().elementFromPoint(...point);
                if (!element.contains(hit) && !hit?.contains(element)) {{
                    throw new Error(`covered by ${{hit?.outerHTML.slice(0, 200)}}`);
                }}
                return point;
            }})()"""
        )
        points = [{"x": x, "y": y}]
        self.page.send(
            "Input.dispatchTouchEvent", type="touchStart", touchPoints=points
        )
        self.page.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def tap(self, selector):
        self.taps += 1
        self.touch(selector)

    def type(self, selector, text):
        self.touch(selector)
        self.page.wait(f"{self.find(selector)}?.matches(':focus')")
        self.page.send("Input.insertText", text=text)
        self.letters += len(text)

    def take_photo(self, path):
        """Tap the button of the camera, and give its page this photo."""
        self.page.run(
            f"{self.find(CAMERA)}.addEventListener('click', () => window.shot = 1)"
        )
        self.tap(CAMERA)
        self.page.wait("window.shot")
        found = self.page.send("Runtime.evaluate", expression=self.find(CAMERA))
        self.page.send(
            "DOM.setFileInputFiles",
            files=[str(path)],
            objectId=found["result"]["objectId"],
        )

    def find_bottom(self):
        """Return the lower edge of the button to send, in pixels of the page."""
        self.wait_for(SEND)
        return self.page.run(
            f"{self.find(SEND)}.getBoundingClientRect().bottom + scrollY"
        )

    def file(self, photo):
        """Fill in the form that is open, and send it.

        :param photo: the path of a file
        """
        # A hand is slower than the script
        self.wait_for("[data-state=editing] " + SEND)
        {
            PORTAL: self.choose_object,
            CODE: lambda: None,
            EMBEDDED: self.enter_contact,
        }[self.kind]()
        self.type("[name=name]", "Door does not close")
        self.take_photo(photo)
        self.wait_for(".o_fr_previews li")
        self.tap(SEND)
        self.wait_for(SENT[self.kind])

    def choose_object(self):
        """Type a part of the name of an object, and tap the one that is found."""
        # Without the script it is a list
        self.wait_for("[name=object_text]")
        option = ".o_fr_objects [role=option]"
        self.type("[name=object_text]", "lift")
        # At first it shows all
        self.page.wait(f"/lift/i.test({self.find(option)}?.textContent)")
        self.tap(option)

    def enter_contact(self):
        self.type("[name=contact_name]", "Ann")
        self.type("[name=phone]", "555 123")


def make_photo(path):
    """Write a photo as large as that of a phone, with as many details.

    Not by Pillow's noise alone: it would have many more bytes than a photo.
    """
    width, height = 4000, 3000
    coarse = Image.effect_noise((width // 40, height // 40), 120)
    fine = Image.effect_noise((width, height), 24)
    photo = Image.blend(
        coarse.resize((width, height), Image.Resampling.BICUBIC),
        fine.filter(ImageFilter.GaussianBlur(1)),
        0.4,
    )
    bands = [photo, photo.rotate(180), coarse.resize((width, height))]
    Image.merge("RGB", bands).save(path, "JPEG", quality=92)
    return path
