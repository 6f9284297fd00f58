"""Writes small files in the formats of three devices, from their documents.

- ActiGraph: https://github.com/actigraph/GT3X-File-Format
- GENEActiv: the instruction manual, "Understanding .bin files".
- Axivity: the AX3 technical manual of the Open Movement project.
"""

import struct
import zipfile
from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import xor

import numpy as np

GT3X_PER_G = 256
CWA_PER_G = 256
GENEACTIV_GAIN = 25600  # g = (100 * count - offset) / gain
GENEACTIV_OFFSET = 200
# Addresses are (space, identifier): SAMPLE_RATE, and ACCEL_SCALE as a float of
# a fraction of 24 bits and an exponent of 8: 0.5 * 2**9 = 256.
GT3X_SAMPLE_RATE = (1, 10)
GT3X_ACCEL_SCALE = (0, 55, 0x09400000)


def write_gt3x(
    path, acceleration, rate_hz=50, start=1_700_000_000, time_zone=None
):
    """Whole seconds of `(num_samples, 3)` g, as ACTIVITY records."""
    log = b"".join(
        gt3x_activity(start + second, acceleration[k : k + rate_hz])
        for second, k in enumerate(range(0, len(acceleration), rate_hz))
    )
    log = gt3x_parameters(start, rate_hz) + log
    return write_gt3x_log(path, log, rate_hz, time_zone)


def write_gt3x_log(path, log, rate_hz=50, time_zone=None):
    info = f"Serial Number: MOS2A00000000\nSample Rate: {rate_hz}\n"
    if time_zone is not None:
        info += f"TimeZone: {time_zone}\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("info.txt", info)
        archive.writestr("log.bin", log)
    return path


def gt3x_parameters(start, rate_hz):
    pairs = struct.pack("<HHI", *GT3X_SAMPLE_RATE, rate_hz)
    return gt3x_record(
        21, start, pairs + struct.pack("<HHI", *GT3X_ACCEL_SCALE)
    )


def gt3x_activity(second, acceleration):
    """One second: 12 bits per axis, y before x before z."""
    counts = np.rint(np.asarray(acceleration) * GT3X_PER_G).astype(int)
    nibbles = "".join(f"{v & 0xFFF:03X}" for v in counts[:, [1, 0, 2]].flat)
    nibbles += "0" * (len(nibbles) % 2)
    return gt3x_record(0, second, bytes.fromhex(nibbles))


def gt3x_record(kind, second, payload):
    record = struct.pack("<BBIH", 0x1E, kind, second, len(payload)) + payload
    return record + bytes([reduce(xor, record) ^ 0xFF])


def write_cwa(path, acceleration, rate_code=9, block_starts=None):
    """Blocks of 80 samples of 16 bits; `rate_code` 9 is 50 Hz.

    `block_starts` are the Unix seconds of the blocks, multiples of 2**-15.
    """
    rate_hz = 3200 / 2 ** (15 - rate_code)
    blocks = [acceleration[k : k + 80] for k in range(0, len(acceleration), 80)]
    if block_starts is None:
        block_starts = 1_700_000_000 + np.arange(len(blocks)) * 80 / rate_hz
    header = bytearray(b"\xff" * 1024)
    struct.pack_into("<2sHBHI", header, 0, b"MD", 1020, 0, 1234, 7)
    header[36] = 0x40 | rate_code
    content = bytes(header) + b"".join(
        cwa_block(index, start, block, rate_code)
        for index, (start, block) in enumerate(zip(block_starts, blocks))
    )
    path.write_bytes(content)
    return path


def cwa_block(index, start, acceleration, rate_code):
    whole, fraction = int(start), int((start - int(start)) * 2**15)
    moment = datetime.fromtimestamp(whole, timezone.utc)
    packed = moment.year - 2000
    for value, bits in (
        (moment.month, 4),
        (moment.day, 5),
        (moment.hour, 5),
        (moment.minute, 6),
        (moment.second, 6),
    ):
        packed = packed << bits | value
    # The fraction shifts the time by whole samples; the offset undoes that.
    rate_hz = 3200 // 2 ** (15 - rate_code)
    offset = -((fraction << 1) * rate_hz >> 16)
    counts = np.rint(np.asarray(acceleration) * CWA_PER_G).astype("<i2")
    block = struct.pack(
        "<2sHHIIIHHBBBBhH",
        *(b"AX", 508, 0x8000 | fraction, 7, index, packed, 0, 171, 0, 128),
        *(0x40 | rate_code, 0x32, offset, len(counts)),
    )
    block += counts.tobytes().ljust(480, b"\0")
    total = int(np.frombuffer(block, "<u2").sum(dtype=np.uint64)) & 0xFFFF
    return block + struct.pack("<H", -total & 0xFFFF)


def write_geneactiv(
    path,
    acceleration,
    rate_hz=50,
    page_starts=None,
    location="",
    time_zone=None,
):
    """Pages of 300 samples of 12 bits."""
    pages = [
        acceleration[k : k + 300] for k in range(0, len(acceleration), 300)
    ]
    if page_starts is None:
        page_starts = 1_700_000_000 + np.arange(len(pages)) * 300 / rate_hz
    text = geneactiv_header(rate_hz, len(pages), location, time_zone) + "".join(
        geneactiv_page(index, start, page, rate_hz)
        for index, (start, page) in enumerate(zip(page_starts, pages))
    )
    path.write_text(text, newline="")
    return path


def geneactiv_header(rate_hz, num_pages, location="", time_zone=None):
    lines = ["Device Identity", "Device Unique Serial Code:000001"]
    lines += ["Device Type:GENEActiv", "Device Model:1.1", ""]
    lines += ["Configuration Info", f"Measurement Frequency:{rate_hz} Hz"]
    lines += [""] if time_zone is None else [f"Time Zone:{time_zone}", ""]
    lines += ["Subject Info", f"Device Location Code:{location}", ""]
    lines += ["Calibration Data"]
    for axis in "xyz":
        lines += [f"{axis} gain:{GENEACTIV_GAIN}"]
        lines += [f"{axis} offset:{GENEACTIV_OFFSET}"]
    lines += ["Volts:300", "Lux:800", "", "Memory Status"]
    lines += [f"Number of Pages:{num_pages}"]
    lines += [""] * (59 - len(lines))
    return "".join(f"{line}\r\n" for line in lines)


def geneactiv_page(index, start, acceleration, rate_hz):
    moment = datetime.fromtimestamp(0, timezone.utc) + timedelta(
        milliseconds=round(start * 1000)
    )
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S:") + moment.strftime("%f")[:3]
    lines = ["Recorded Data", "Device Unique Serial Code:000001"]
    lines += [f"Sequence Number:{index}", f"Page Time:{stamp}", "Unassigned:"]
    lines += ["Temperature:25.0", "Battery voltage:4.0"]
    lines += ["Device Status:Recording", f"Measurement Frequency:{rate_hz}.0"]
    counts = np.rint(
        (np.asarray(acceleration) * GENEACTIV_GAIN + GENEACTIV_OFFSET) / 100
    ).astype(int)
    lines += ["".join(_sample_hex(row) for row in counts)]
    return "".join(f"{line}\r\n" for line in lines)


def _sample_hex(row):
    """Three axes of 12 bits, 10 bits of light, a button, a reserved bit."""
    bits = reduce(lambda bits, value: bits << 12 | int(value) & 0xFFF, row, 0)
    return f"{bits << 12:012X}"
