"""Expensive or broken files cost little CPU and raise no unexpected error."""

import base64
import io
import itertools
import random
import struct
import time

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.image import image_process

from odoo.addons.http_routing.tests.common import MockRequest

from ..tools import file_rules, photo_rules, picture, picture_rules
from ..tools.budget import Budget
from ..tools.picture_structure import read_structure
from .common import FaultReportCommon
from .hostile_files import (
    PIXELS,
    SEED,
    build_small_zip,
    get_makers,
    make_jpegs,
    make_originals,
    mutate,
    sign,
)
from .test_file_rules import (
    GPS,
    make_box,
    make_exif_block,
    make_heic_grid,
    make_heic_picture,
    make_picture,
)

MEGABYTE = 1024 * 1024
# Size of a file in bytes, and the allowed CPU seconds
BUDGETS = {2 * MEGABYTE: 2, 25 * MEGABYTE - 1024: 5}
MUTATIONS = 200
# The modes in which each kind of picture comes; the last one has greys of 16 bits
MODES = (
    *(("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")),
    *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("GIF", mode) for mode in ("L", "P")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
)


class HostileFilesCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env["fault.report.template"].create(
            {
                "name": "Visit",
                "company_id": cls.company.id,
                "point_ids": [Command.create({"name": "Look", "type": "photo"})],
            }
        )
        cls.company.fault_report_template_id = template
        cls.company.fault_report_max_files = file_rules.MOST_FILES
        cls.editor = cls.users["edit"]
        cls.report = cls.make_report()
        cls.point = cls.report.with_user(cls.editor).point_ids

    def setUp(self):
        super().setUp()
        self.forget()

    def forget(self):
        """Reset the budget of CPU time, as a new transaction does."""
        self.env.cr.postcommit.data.clear()

    def add_file(self, content, name="file"):
        return (
            self.report.with_user(self.editor)
            .env["ir.attachment"]
            .create(
                {
                    "name": name,
                    "raw": content,
                    "res_model": self.report._name,
                    "res_id": self.report.id,
                }
            )
        )

    def set_photo(self, content):
        self.point.value_photo = base64.b64encode(content)
        self.point.flush_recordset()
        return self.point

    def try_to(self, add, content):
        """Return the record that holds the content, or None if refused."""
        self.forget()
        try:
            with mute_logger("odoo.sql_db"):
                return add(content)
        except UserError as error:
            self.assertTrue(str(error))
            return None

    def render(self, record, field="raw", size=(64, 64)):
        """Return the thumbnail that a browser gets."""
        with MockRequest(self.env):
            stream = self.env["ir.binary"]._get_image_stream_from(
                record.sudo(), field, width=size[0], height=size[1]
            )
            return stream.read()


@tagged("post_install", "-at_install")
class TestSlowFiles(HostileFilesCase):
    def assert_cheap(self, seconds, work, *args):
        started = time.process_time()
        result = work(*args)
        spent = time.process_time() - started
        self.assertLess(spent, seconds)
        return result

    def try_slow_file(self, add, field, size, seconds):
        for name, make in get_makers().items():
            content = make(size)
            # The largest limit that a company can set
            content = content[: file_rules.Limits().size]
            with self.subTest(name, size=size, field=field):
                record = self.assert_cheap(seconds, self.try_to, add, content)
                if record and (field != "raw" or record.mimetype.startswith("image/")):
                    self.assert_cheap(seconds, self.render, record, field)

    def test_a_slow_file_is_answered_in_time(self):
        for size, seconds in BUDGETS.items():
            self.try_slow_file(self.add_file, "raw", size, seconds)

    def test_a_slow_photo_of_a_point_is_answered_in_time(self):
        for size, seconds in BUDGETS.items():
            self.try_slow_file(self.set_photo, "value_photo", size, seconds)

    def test_a_slow_photo_is_answered_in_time_while_a_form_is_filled_in(self):
        content = get_makers()["png_greedy_exif"](2 * MEGABYTE)
        values = {"value_photo": base64.b64encode(content).decode()}
        self.assert_cheap(2, self.point.onchange, values, ["value_photo"], {})
        # A default bypasses the model's `create`, but not the field
        Point = self.env[self.point._name].with_context(
            default_value_photo=values["value_photo"]
        )
        values = {
            "report_id": self.report.id,
            "template_point_id": self.point.template_point_id.id,
        }
        with self.assertRaisesRegex(UserError, "not a photo"):
            self.assert_cheap(2, Point.create, values)

    def test_twenty_large_pictures_at_once_are_answered_in_time_and_all_kept(self):
        pictures = []
        for number in range(20):
            stream = io.BytesIO()
            Image.new("RGBA", PIXELS, (number, 8, 7, 6)).save(stream, "PNG")
            pictures.append(stream.getvalue())
        values = [
            {
                "name": "a.png",
                "raw": content,
                "res_model": self.report._name,
                "res_id": self.report.id,
            }
            for content in pictures
        ]
        Attachment = self.report.with_user(self.editor).env["ir.attachment"]
        files = self.assert_cheap(5, Attachment.create, values)
        with Image.open(io.BytesIO(files[0].raw)) as first:
            self.assertEqual(first.size, (1920, 1920))
        self.assertEqual(files[-1].raw, pictures[-1])
        self.assertEqual(self.render(files[-1]), pictures[-1])
        # They are not decoded either when copied to a work order
        copies = self.assert_cheap(
            2, files.sudo().copy, {"res_model": "res.partner", "res_id": 1}
        )
        self.assertEqual(copies[-1].raw, pictures[-1])

    def test_twenty_photos_of_a_phone_are_all_made_smaller(self):
        stream = io.BytesIO()
        photo = Image.linear_gradient("L").resize((4000, 3000)).convert("RGB")
        photo.save(stream, "JPEG")
        self.forget()
        for number in range(20):
            file = self.add_file(stream.getvalue() + bytes([number]))
            with Image.open(io.BytesIO(file.raw)) as stored:
                self.assertEqual(stored.size, (1920, 1440))

    def test_a_picture_is_decoded_once_in_a_transaction(self):
        content = make_picture("PNG", (2000, 1000), gps=False)
        limits = file_rules.Limits()
        file_rules.check_file(self.env, "a.png", content, limits)
        left = picture_rules._get_memory(self.env)["budget"].left
        self.add_file(content)
        self.assertEqual(picture_rules._get_memory(self.env)["budget"].left, left)

    def test_a_copy_of_an_office_file_is_not_taken_apart_either(self):
        file = self.add_file(build_small_zip())
        self.forget()
        copy = file.sudo().copy({"res_model": "res.partner", "res_id": 1})
        self.assertTrue(copy.is_from_fault_report)
        self.assertTrue(picture_rules.is_checked(self.env, copy.raw))


def decode_heic(content):
    return picture.make_smaller(content, "image/heic", (64, 64), output_format="JPEG")


def replace_box(content, start, box):
    """Return the HEIC with another box at `start`, its folders made to fit."""
    end = start + int.from_bytes(content[start : start + 4])
    longer = len(box) - (end - start)
    changed = bytearray(content[:start] + box + content[end:])
    for kind in (b"meta", b"iprp", b"ipco"):
        place = content.index(kind) - 4
        size = int.from_bytes(content[place : place + 4]) + longer
        changed[place : place + 4] = struct.pack(">I", size)
    # Where the pixels begin: they are moved
    place = content.index(b"iloc")
    pixels = struct.pack(">I", content.index(b"mdat") + 4)
    at = content.find(pixels, place, place + 60)
    if at >= 0:
        at += longer if at > start else 0
        changed[at : at + 4] = struct.pack(">I", content.index(b"mdat") + 4 + longer)
    return bytes(changed)


@tagged("post_install", "-at_install")
class TestDamagedPictures(HostileFilesCase):
    def test_a_mutated_picture_is_refused_in_words_or_can_be_shown(self):
        chance = random.Random(SEED)
        answers = set()
        for kind, original in make_originals().items():
            self.assertTrue(self.render(self.add_file(original)))
            for _count in range(MUTATIONS):
                content = mutate(original, chance)
                with self.subTest(kind, content=content.hex()):
                    file = self.try_to(self.add_file, content)
                    answers.add((kind, bool(file)))
                    if file:
                        self.assertTrue(self.render(file))
                        self.assertTrue(self.render(file, size=(2000, 0)))
                        # A report has a hundred files at most
                        file.with_env(self.env).unlink()
        # Some of each kind are refused and others accepted: both cases occurred
        self.assertEqual(len(answers), 2 * len(make_originals()))

    def is_whole(self, check, *args, **options):
        try:
            check(*args, **options)
        # Pillow raises many kinds
        except Exception:
            return False
        return True

    def test_the_beginning_of_a_jpeg_says_as_much_as_decoding_all_of_it(self):
        chance = random.Random(SEED)
        answers = set()
        for kind, original in make_jpegs().items():
            # Nothing of a simple one is decoded behind its first bytes.
            simple = read_structure(original, "image/jpeg").scan > 0
            self.assertEqual(simple, kind != "progressive")
            mutants = [mutate(original, chance) for _count in range(MUTATIONS)]
            cuts = [original[: chance.randrange(len(original))] for _count in range(50)]
            for content in (original, *mutants, *cuts):
                if file_rules.find_problem(content, file_rules.Limits())[0]:
                    continue
                with self.subTest(kind, content=content.hex()):
                    expected = self.is_whole(image_process, content, size=(128, 128))
                    found = self.is_whole(picture.check_picture, content, "image/jpeg")
                    self.assertEqual(found, expected)
                    answers.add((kind, found))
        # Of most kinds, some are refused and others accepted.
        self.assertGreater(len(answers), 1.5 * len(make_jpegs()))

    def test_a_mutated_photo_of_a_point_is_refused_in_words_or_is_a_jpeg(self):
        chance = random.Random(SEED)
        for kind, original in make_originals().items():
            for _count in range(MUTATIONS // 4):
                content = mutate(original, chance)
                with self.subTest(kind, content=content.hex()):
                    point = self.try_to(self.set_photo, content)
                    if point:
                        self.assertEqual(
                            self.render(point, "value_photo")[:2], b"\xff\xd8"
                        )

    def test_a_picture_that_was_kept_unread_before_is_shown_as_a_whole(self):
        damaged = bytearray(make_picture("PNG", (300, 300), gps=False))
        # An invalid PNG colour type
        damaged[25] = 9
        damaged = bytes(sign(damaged))
        file = self.add_file(make_picture("PNG"))
        self.env.cr.execute(
            "UPDATE ir_attachment SET store_fname = NULL, db_datas = %s WHERE id = %s",
            (damaged, file.id),
        )
        file.invalidate_recordset()
        self.assertEqual(self.render(file), damaged)

    def test_a_damaged_heic_is_refused_and_a_sound_one_kept(self):
        content = make_heic_picture()
        file = self.add_file(content, "a.heic")
        self.assertEqual((file.name, file.mimetype), ("a.jpg", "image/jpeg"))
        for damaged in (content[:-30], content[: len(content) // 2], content[:40]):
            with self.assertRaisesRegex(UserError, "a.heic.*damaged"):
                self.add_file(damaged, "a.heic")

    def test_a_heic_is_no_larger_than_its_structure_says(self):
        """However its size is written, and wherever: what libheif reads is counted."""
        content = make_heic_picture()
        start = content.index(b"ispe") - 4
        size = content[start + 12 : start + 20]
        spellings = [
            make_box(b"ispe", size, version=0),
            # Flags
            make_box(b"ispe", bytes([0, 0, 0, 1]), size),
            # A length of 64 bits
            b"\0\0\0\1ispe" + struct.pack(">QI", 28, 0) + size,
            # More than is needed
            make_box(b"ispe", size, bytes(40), version=0),
            # The mark just before it
            make_box(b"free", b"ispe") + make_box(b"ispe", size, version=0),
        ]
        decoded = 0
        for box in spellings:
            changed = replace_box(content, start, box)
            with self.subTest(box):
                structure = read_structure(changed, "image/heic")
                try:
                    decode_heic(changed)
                except picture.DamagedPictureError:
                    continue
                decoded += 1
                self.assertEqual(structure.pixels, 64 * 64)
        self.assertGreaterEqual(decoded, 3)

    def test_a_heic_that_hides_its_size_is_not_decoded(self):
        content = make_heic_picture().replace(b"meta", b"Meta", 1)
        self.assertEqual(read_structure(content, "image/heic").pixels, 0)
        opened = picture.pillow_heif.open_heif(io.BytesIO(make_heic_picture()))
        self.patch(picture.pillow_heif, "open_heif", lambda stream: opened)
        with self.assertRaises(picture.DamagedPictureError):
            decode_heic(content)

    def test_tiles_of_tiles_of_a_heic_are_all_counted(self):
        for depth in (1, 2, 3):
            for columns in (2, 5, 16):
                with self.subTest(depth=depth, columns=columns):
                    content = make_heic_grid(depth, columns)
                    decode_heic(make_heic_grid(1, 2))
                    structure = read_structure(content, "image/heic")
                    tiles = columns ** (2 * depth)
                    self.assertEqual(structure.pixels, 64 * 64)
                    self.assertEqual(structure.cost, 3 * 64 * 64 * tiles)

    def test_a_heic_that_is_a_part_of_itself_is_refused(self):
        content = make_heic_grid(1, 2)
        part = struct.pack(">HH", 2, 4) + struct.pack(">H", 1) * 4
        changed = content.replace(part, part[:4] + struct.pack(">H", 2) * 4)
        self.assertNotEqual(changed, content)
        with self.assertRaisesRegex(UserError, "a.heic.*too complex"):
            self.add_file(changed, "a.heic")

    def test_a_heic_is_decoded_once_although_its_position_is_kept(self):
        content = make_heic_picture(make_exif_block())
        made = []
        original = picture.pillow_heif.HeifFile.to_pillow

        def to_pillow(heic):
            made.append(heic)
            return original(heic)

        self.patch(picture.pillow_heif.HeifFile, "to_pillow", to_pillow)
        limits = file_rules.Limits(keep_position=True)
        for number, read in enumerate(
            (
                lambda: file_rules.check_file(self.env, "a.heic", content, limits)[1],
                lambda: base64.b64decode(
                    photo_rules.clean_photo(self.env, base64.b64encode(content), limits)
                ),
            ),
            1,
        ):
            with Image.open(io.BytesIO(read())) as shown:
                self.assertTrue(shown.getexif().get_ifd(GPS))
            self.assertEqual(len(made), number)

    def test_the_refusal_of_a_photo_names_all_kinds_that_are_accepted(self):
        for library, is_named in ((picture.pillow_heif, True), (None, False)):
            self.patch(picture, "pillow_heif", library)
            with self.assertRaises(UserError) as caught:
                photo_rules.clean_photo(self.env, b"YWJj", file_rules.Limits())
            for kind in ("JPEG", "PNG", "WebP", "GIF"):
                self.assertIn(kind, str(caught.exception))
            self.assertEqual("HEIC" in str(caught.exception), is_named)

    def test_odd_settings_of_resizing_are_ignored(self):
        settings = self.env["ir.config_parameter"]
        odd = ("1920", "0x0", "abc", "-5x5", "1920x", "x", "9" * 30 + "x9", "1e3x1e3")
        for number, value in enumerate((*odd, "1920X1920", "", "0")):
            settings.set_param("base.image_autoresize_max_px", value)
            settings.set_param("base.image_autoresize_quality", value)
            with self.subTest(value):
                content = make_picture("JPEG", (2000 + number, 30), gps=False)
                self.assertTrue(self.add_file(content, "a.jpg"))

    def test_a_heic_is_kept_where_it_cannot_be_decoded(self):
        self.patch(file_rules.picture_rules.picture, "pillow_heif", None)
        content = make_heic_picture()[:-30]
        self.assertEqual(self.add_file(content, "a.heic").raw, content)

    def test_a_sound_picture_of_each_mode_is_kept_and_shown_small(self):
        settings = self.env["ir.config_parameter"]
        settings.set_param("base.image_autoresize_max_px", "600x600")
        sizes = ((40, 30), (500, 400), (1300, 1250))
        for (kind, mode), size in itertools.product(MODES, sizes):
            with self.subTest(kind, mode=mode, size=size):
                self.forget()
                content = self.draw_grey(kind, mode, size)
                kept = self.add_file(content).raw
                photo = photo_rules.clean_photo(
                    self.env, base64.b64encode(content), file_rules.Limits()
                )
                for shown in (
                    image_process(kept, size=(16, 16)),
                    picture_rules.make_thumbnail(
                        kept, file_rules.guess_type(kept), (16, 16), Budget(10**8)
                    ),
                    base64.b64decode(photo),
                ):
                    with Image.open(io.BytesIO(shown)) as small:
                        grey = small.convert("L").resize((1, 1)).getpixel((0, 0))
                    self.assertAlmostEqual(grey, 128, delta=32)

    def draw_grey(self, kind, mode, size):
        """Return a picture that is half as light as possible everywhere."""
        picture = Image.new("L", size, 128).convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            picture = Image.frombytes(mode, size, b"\0\x80" * size[0] * size[1])
        stream = io.BytesIO()
        picture.save(stream, kind)
        return stream.getvalue()

    def test_a_picture_stays_upright_when_only_xmp_says_how_to_hold_it(self):
        xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>'
        element = b"<x:xmpmeta><tiff:Orientation>%d</tiff:Orientation></x:xmpmeta>"
        for kind in ("PNG", "JPEG", "WEBP"):
            for packet in (xmp, element):
                for orientation in (1, 3, 6, 8):
                    with self.subTest(kind, orientation=orientation):
                        self.check_upright(kind, packet % orientation, orientation)

    def check_upright(self, kind, packet, orientation):
        # The upper half is white, in the orientation of the sensor
        lying = Image.new("L", (40, 20))
        lying.paste(255, (0, 0, 40, 10))
        turned = {1: 0, 3: 180, 6: -90, 8: 90}[orientation]
        upright = lying.rotate(turned, expand=True)
        file = self.add_file(self.save_with_xmp(lying.convert("RGB"), kind, packet))
        with Image.open(io.BytesIO(file.raw)) as stored:
            self.assertEqual(stored.size, upright.size)
            for place in ((4, 4), (stored.width - 5, stored.height - 5)):
                light = stored.convert("L").getpixel(place) > 128
                self.assertEqual(light, upright.getpixel(place) > 128)
            self.assertIn(stored.getexif().get(0x0112, 1), (0, 1))

    def save_with_xmp(self, picture, kind, packet):
        stream = io.BytesIO()
        options = {"xmp": packet}
        if kind == "PNG":
            info = PngInfo()
            info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
            options = {"pnginfo": info}
        picture.save(stream, kind, **options)
        return stream.getvalue()
