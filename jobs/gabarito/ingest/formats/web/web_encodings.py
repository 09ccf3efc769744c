"""Encodings that a web page may declare, and as what browsers read them (WHATWG Encoding)."""

import codecs

_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_OF_THE_WEB = frozenset(
    {
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *(f"cp{page}" for page in (866, 874, 932, 949, *range(1250, 1259))),
        *("utf-8", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "gb18030", "big5hkscs"),
        *("euc_jp", "iso2022_jp"),
    }
)
_LABELS = {
    "iso-8859-8-i": "iso8859-8",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "x-cp1252": "cp1252",
    "dos-874": "cp874",
    "unicode-1-1-utf-8": "utf-8",
}


def web_encoding(label: str) -> str:
    """Return Python's name of what a browser reads for a label; empty if it is none of the web."""
    label = label.strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):  # ValueError: NUL in it
        return ""
    name = _READ_AS.get(name, name)
    return name if name in _OF_THE_WEB else ""
