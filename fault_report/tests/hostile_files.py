"""Files of each type that are expensive to parse, and mutated pictures.

Each function of `SLOW` returns a file of about the given number of bytes. They are
generated each time: the repository stores none.
"""

import io
import random
import struct
import zipfile
import zlib

from PIL import Image

from .test_file_rules import (
    make_archive,
    make_heic_picture,
    make_ole,
    make_picture,
)

SEED = 20_261_127
PIXELS = (7_000, 7_000)
SHORTS = 3


def be(value):
    return struct.pack(">I", value)


def repeat(part, size):
    return part * max(size // len(part), 1)


# === JPEG === #


def make_segment(kind, body):
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(body) + 2) + body


def split_jpeg(picture=None):
    """Split a small JPEG before its first segment; return both parts."""
    picture = picture or make_picture("JPEG", gps=False)
    return picture[:2], picture[2:]


def insert(part, picture=None):
    head, rest = split_jpeg(picture)
    return head + part + rest


def make_greedy_directory(room, tag=0x9000):
    """Return an EXIF block whose entries all point to nearly the whole block."""
    count = min((room - 14) // 12, 0xFFFF)
    amount = (room - 16) // 2
    entries = b"".join(
        struct.pack("<HHII", (tag + index) & 0xFFFF, SHORTS, amount, 8)
        for index in range(count)
    )
    block = b"II*\0" + struct.pack("<IH", 8, count) + entries + bytes(4)
    return block.ljust(room, b"\0")


def make_greedy_position(room):
    """Return such a block with a GPS directory."""
    directory = make_greedy_directory(room - 26)[8:]
    head = struct.pack("<IHHHIII", 8, 1, 0x8825, 4, 1, 26, 0)
    return b"II*\0" + head + directory


def make_exif_marks(size):
    """Return a JPEG with many EXIF markers that share one endless directory."""
    directory = struct.pack("<H", 0xFFFF) + bytes(12 * 0xFFFF + 4)
    count = max((size - len(directory)) // 14, 500)
    marks = b"".join(
        b"Exif\0\0II*\0" + struct.pack("<I", 8 + (count - number - 1) * 14)
        for number in range(count)
    )
    return make_picture("JPEG", gps=False) + marks + directory


def make_jpeg_tiny_segments(size):
    return insert(repeat(make_segment(0xE5, b""), size))


def make_jpeg_fill_bytes(size):
    return insert(b"\xff" * size)


def make_jpeg_junk(size):
    return insert(b"\0" * size)


def make_jpeg_greedy_exif(size):
    block = make_segment(0xE1, b"Exif\0\0" + make_greedy_directory(65_000))
    return insert(repeat(block, size))


def make_jpeg_one_greedy_exif(size):
    return insert(make_segment(0xE1, b"Exif\0\0" + make_greedy_directory(65_000)))


def make_jpeg_greedy_position(size):
    block = make_segment(0xE1, b"Exif\0\0" + make_greedy_position(65_000))
    return insert(repeat(block, size))


def make_jpeg_greedy_list_of_pictures(size):
    directory = make_greedy_directory(65_000, 0xB001)
    return insert(make_segment(0xE2, b"MPF\0" + directory))


def make_jpeg_scans(size):
    """Return a progressive JPEG of 49 million pixels with very many scans."""
    return repeat_scan(size // 14)


def make_jpeg_some_scans(size):
    """Return one with the maximum number of scans that are decoded."""
    return repeat_scan(25)


def repeat_scan(count):
    stream = io.BytesIO()
    Image.new("L", PIXELS).save(stream, "JPEG", progressive=True)
    picture = stream.getvalue()
    scan = picture[picture.rindex(b"\xff\xda") : -2]
    return picture[:-2] + scan[:14] * count + b"\xff\xd9"


def make_jpeg_escapes(size):
    picture = make_picture("JPEG", gps=False)
    return picture[:-2] + b"\xff\0" * (size // 2) + b"\xff\xd9"


def make_jpeg_restarts(size):
    picture = make_picture("JPEG", gps=False)
    return picture[:-2] + b"\xff\xd0" * (size // 2) + b"\xff\xd9"


def make_jpeg_xmp(size):
    part = b"<exif:GPS" + b"a" * 40 + b" " * 160
    body = b"http://ns.adobe.com/xap/1.0/\0" + repeat(part, 65_000)
    return insert(repeat(make_segment(0xE1, body), size))


def make_jpeg_xmp_tail(size):
    part = b"<exif:GPS" + b"a" * 40 + b" " * 160
    return make_picture("JPEG", gps=False) + repeat(part, size)


def make_jpeg_many_pixels(size):
    stream = io.BytesIO()
    small = Image.frombytes("L", (700, 700), random.Random(SEED).randbytes(490_000))
    small.resize(PIXELS).save(stream, "JPEG", quality=50)
    return stream.getvalue()


# === PNG === #


def make_chunk(kind, body):
    return be(len(body)) + kind + body + be(zlib.crc32(kind + body))


def make_png(parts=b"", size=(8, 6), data=None, after=b""):
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    if data is None:
        data = make_chunk(
            b"IDAT", zlib.compress((b"\0" + b"\x80" * 3 * size[0]) * size[1])
        )
    end = make_chunk(b"IEND", b"")
    head = make_chunk(b"IHDR", head)
    return b"\x89PNG\r\n\x1a\n" + head + parts + data + after + end


def make_png_tiny_chunks(size):
    return make_png(repeat(make_chunk(b"teSt", b""), size))


def make_png_tiny_data(size):
    data = make_chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 24) * 6))
    return make_png(data=repeat(make_chunk(b"IDAT", b""), size) + data)


def make_png_packed_texts(size):
    body = b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9)
    return make_png(repeat(make_chunk(b"zTXt", body), size))


def make_png_profiles(size):
    body = b"icc\0\0" + zlib.compress(bytes(1_000_000), 9)
    return make_png(repeat(make_chunk(b"iCCP", body), size))


def make_png_greedy_exif(size):
    return make_png(make_chunk(b"eXIf", make_greedy_directory(size)))


def make_png_short_greedy_exif(size):
    return make_png(make_chunk(b"eXIf", make_greedy_directory(120_000)))


def make_png_many_exifs(size):
    return make_png(repeat(make_chunk(b"eXIf", make_greedy_position(60_000)), size))


def make_png_many_pixels(size):
    stream = io.BytesIO()
    Image.new("RGBA", PIXELS, (9, 8, 7, 6)).save(stream, "PNG")
    return stream.getvalue()


def make_png_second_head(size):
    head = make_chunk(b"IHDR", struct.pack(">IIBBBBB", 13_000, 13_000, 1, 0, 0, 0, 0))
    return make_png(head)


def make_png_noise(size):
    """Return a PNG with as many bytes and pixels as possible."""
    side = int((size / 8) ** 0.5)
    stream = io.BytesIO()
    noise = random.Random(SEED).randbytes(side * side * 3)
    small = Image.frombytes("RGB", (side, side), noise)
    large = small.resize(PIXELS, Image.Resampling.NEAREST)
    large.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def make_apng(frames, size=(4, 4)):
    line = zlib.compress((b"\0" + b"\x40" * 3 * size[0]) * size[1])
    parts = make_chunk(b"acTL", struct.pack(">II", frames, 0))
    control = struct.pack(">IIIIHHBB", *size, 0, 0, 1, 10, 0, 0)
    parts += make_chunk(b"fcTL", be(0) + control)
    rest = b"".join(
        make_chunk(b"fcTL", be(2 * number + 1) + control)
        + make_chunk(b"fdAT", be(2 * number + 2) + line)
        for number in range(frames - 1)
    )
    return make_png(parts, size, make_chunk(b"IDAT", line), rest)


def make_apng_frames(size):
    return make_apng(size // 90)


# === GIF === #


def make_gif_frames(size):
    head, frame = split_gif()
    return head + repeat(frame, size) + b";"


def split_gif():
    picture = make_picture("GIF", (2, 2), gps=False)
    start = picture.index(b",", 13 + (3 << ((picture[10] & 7) + 1)))
    return picture[:start], picture[start:-1]


def make_gif_comments(size):
    head, frame = split_gif()
    return head + b"!\xfe" + repeat(b"\xff" + b"c" * 255, size) + b"\0" + frame + b";"


def make_gif_tiny_blocks(size):
    head, frame = split_gif()
    return head + b"!\xff" + repeat(b"\x01c", size) + b"\0" + frame + b";"


def make_gif_junk(size):
    head, frame = split_gif()
    return head + b"j" * size + frame + b";"


def make_gif_huge_frame(size):
    head, frame = split_gif()
    return head + b"," + struct.pack("<HHHH", 65_000, 65_000, 2, 2) + frame[9:] + b";"


# === WEBP, HEIC, MP4 === #


def build_webp(*parts, size=(8, 6)):
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, "WEBP", lossless=True)
    picture = stream.getvalue()[12:]
    head = b"\x0a\0\0\0" + b"".join((side - 1).to_bytes(3, "little") for side in size)
    body = b"WEBP" + make_riff(b"VP8X", head) + picture + b"".join(parts)
    return make_riff(b"RIFF", body)


def make_riff(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def make_webp_tiny_parts(size):
    return build_webp(repeat(make_riff(b"teSt", b""), size))


def make_webp_greedy_exif(size):
    return build_webp(make_riff(b"EXIF", make_greedy_directory(size)))


def make_webp_frames(size):
    stream = io.BytesIO()
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue", "white")]
    options = {"save_all": True, "append_images": frames[1:], "lossless": True}
    frames[0].save(stream, "WEBP", **options)
    picture = stream.getvalue()
    start = picture.index(b"ANMF")
    (length,) = struct.unpack_from("<I", picture, start + 4)
    frame = picture[start : start + 8 + length]
    return make_riff(b"RIFF", picture[8:start] + repeat(frame, size))


def make_webp_many_pixels(size):
    stream = io.BytesIO()
    Image.new("RGB", PIXELS, "red").save(stream, "WEBP", lossless=True, method=0)
    return stream.getvalue()


def make_ftyp(brand):
    return be(20) + b"ftyp" + brand + be(0) + brand


def make_box(kind, body):
    return be(len(body) + 8) + kind + body


def make_heic_marks(size):
    return make_ftyp(b"heic") + make_exif_marks(size)


def make_nested_boxes(size):
    depth = size // 8
    return b"".join(be((depth - level) * 8) + b"moov" for level in range(depth))


def make_heic_nested_boxes(size):
    return make_ftyp(b"heic") + make_nested_boxes(size)


def make_heic_sizes(size):
    return make_ftyp(b"heic") + repeat(b"\0\0\0\x14ispe" + bytes(12), size)


def make_mp4_nested_boxes(size):
    return make_ftyp(b"mp42") + make_nested_boxes(size)


def make_mp4_large_boxes(size):
    return make_ftyp(b"mp42") + repeat(be(1) + b"free" + struct.pack(">Q", 16), size)


def make_mp4_metadata(part, size):
    """Return an MP4 with metadata that repeats this part."""
    body = b"com.apple.quicktime.location.ISO6709" + repeat(part, size)
    return make_ftyp(b"mp42") + be(len(body) + 8) + b"moov" + body


def make_mp4_positions(size):
    return make_mp4_metadata(be(20) + b"\xa9xyz" + bytes(12), size)


def make_mp4_position_texts(size):
    return make_mp4_metadata(b"+59.3+018.0/", size)


def make_mp4_digits(size):
    return make_mp4_metadata(b"+123456.123456789012345", size)


def make_mp4_names(size):
    return make_mp4_metadata(b"<a:GPS" + b"a" * 40 + b" " * 160, size)


def make_mp4_keys(size):
    return make_ftyp(b"mp42") + repeat(be(44) + b"mdta" + b"location.name" * 3, size)


def make_jpeg_places(size):
    body = b"Photoshop 3.0\0" + repeat(b"\x1c\x02\x5a\0\1a", 65_000)
    return insert(repeat(make_segment(0xED, body), size))


def make_jpeg_directories(size):
    """Return a JPEG with directories that lead in circles."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    body = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 5000) + entry * 5000 + be(8)
    return insert(repeat(make_segment(0xE1, body), size))


# === DOCUMENTS === #


def make_zip_entries(size):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("word/document.xml", "x")
    return multiply_entries(stream.getvalue(), size)


def multiply_entries(content, size):
    """Return the archive with its last entry listed many times."""
    start = content.index(b"PK\x01\x02")
    last = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    listed = content[start:end] + repeat(content[last:end], size)
    tail = bytearray(content[end:])
    struct.pack_into("<HHII", tail, 8, 0xFFFF, 0xFFFF, len(listed), start)
    return content[:start] + listed + bytes(tail)


def make_zip_bomb(size, name="word/document.xml", head=b"<w:p>", tail=b"</w:p>"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr(name, repeat(head, 200 * min(size, 200_000)) + tail)
    return stream.getvalue()


def make_sheet_bomb(size):
    return make_zip_bomb(size, "xl/workbook.xml", b"<sheet/>", b"")


def make_open_document_bomb(size):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.text"
        archive.writestr("mimetype", kind + " " * 50_000_000)
        archive.writestr("content.xml", "<text:p>" * 1_000_000)
    return stream.getvalue()


def build_small_zip():
    return make_archive("[Content_Types].xml", "word/document.xml")


def make_ole_needles(size):
    needle = b"\0\0" + "WordDocumen".encode("utf-16-le")
    return make_ole("PowerPoint Document") + repeat(needle, size)


def make_pdf_nested(size):
    return b"%PDF-1.7\n1 0 obj\n" + b"[" * size


def make_pdf_objects(size):
    return b"%PDF-1.7\n" + repeat(b"1 0 obj<</Kids[1 0 R]>>endobj\n", size)


def make_text(size):
    return b"a" * size


def make_text_of_brackets(size):
    return repeat(b"x< ", size)


def make_text_of_spaces(size):
    return b"a" + b" " * size


def make_text_of_16_bits(size):
    return ("a\n" * (size // 4)).encode("utf-16")


def make_text_of_exif(size):
    return repeat(b"Exif exif:GPS <exif:GPSLatitude ", size)


def get_makers():
    """Return the functions that generate a slow file of a given size, by name."""
    return {
        name.removeprefix("make_"): function
        for name, function in globals().items()
        if name.startswith("make_")
        and function.__module__ == __name__
        and function.__code__.co_varnames[:1] == ("size",)
        and function.__code__.co_argcount
    }


# === MUTATED PICTURES === #


def make_jpegs():
    """Return JPEGs of several kinds by their name, all to be shown smaller."""
    noise = random.Random(SEED).randbytes(300 * 200 * 3)
    picture = Image.frombytes("RGB", (300, 200), noise)
    turned = Image.Exif()
    turned[0x0112] = 6
    jpegs = {}
    for name, mode, options in (
        ("color", "RGB", {}),
        ("gray", "L", {"optimize": True}),
        ("printed", "CMYK", {}),
        ("progressive", "RGB", {"progressive": True}),
        ("restarts", "RGB", {"restart_marker_blocks": 7}),
        ("turned", "RGB", {"exif": turned}),
    ):
        stream = io.BytesIO()
        picture.convert(mode).save(stream, "JPEG", quality=60, **options)
        jpegs[name] = stream.getvalue()
    return jpegs


def make_originals():
    """Return small valid pictures, by file extension."""
    picture = Image.linear_gradient("L").resize((32, 24)).convert("RGB")
    originals = {"apng": make_apng(4, (16, 12))}
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind, options in {
        "jpeg": {"exif": exif},
        "progressive.jpeg": {"progressive": True},
        "png": {"exif": exif},
        "webp": {"exif": exif},
        "gif": {},
    }.items():
        stream = io.BytesIO()
        picture.save(stream, kind.rpartition(".")[2], **options)
        originals[kind] = stream.getvalue()
    wide = io.BytesIO()
    # Larger than the size that Odoo stores
    picture.resize((1930, 4)).save(wide, "PNG")
    return {**originals, "wide.png": wide.getvalue(), "heic": make_heic_picture()}


def mutate(content, chance):
    """Return the content with a few bytes changed, removed, duplicated or truncated."""
    data = bytearray(content)
    for _count in range(chance.randint(1, 4)):
        # Keep the signature, so that the file is parsed at all
        start = chance.randrange(12, len(data))
        end = min(start + chance.randint(1, 16), len(data))
        way = chance.randrange(5)
        if way <= 1:
            data[start] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        elif way == 2:
            del data[start:end]
        elif way == 3:
            data[start:start] = data[start:end]
        else:
            del data[max(start, len(data) // 2) :]
        if len(data) < 16:
            break
    return bytes(sign(data) if chance.random() < 0.5 else data)


def sign(data):
    """Recompute the checksums of the chunks of a PNG."""
    position = 8
    while data.startswith(b"\x89PNG") and position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            break
        struct.pack_into(">I", data, end, zlib.crc32(data[position + 4 : end]))
        position = end + 4
    return data
