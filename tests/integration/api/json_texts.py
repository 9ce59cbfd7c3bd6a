"""JSON texts that parsers disagree about: what no parser may take, what every one must, what each decides.

Written after RFC 8259 and the kinds of cases that public suites of parser tests list.
"""

from __future__ import annotations

from typing import Final

DEEP: Final = 30_000

# fmt: off
STRUCTURES: Final = (
    b'', b' ', b'\n', b'[', b']', b'{', b'}', b'[[', b']]', b'[]]', b'[}', b'{]', b'{}}', b'[{', b'[1', b'[1,',
    b'[,1]', b'[1,,2]', b'[,]', b'[1,]', b'[1 2]', b'[1;2]', b'[1:2]', b"['a']", b'[a]', b'[a', b'[*]', b'["a",',
    b'["a"', b'[""', b'["a', b'[1\n,1', b'[1,\n1\n,1', b'[{}', b'[][]', b'[]{}', b'{}[]', b'{} {}', b'{}1', b'1 2',
    b'1]', b'[]#', b'{}#', b'{}//', b'{}/**/', b'/*x*/{}', b'//x\n{}', b'{"a":/*c*/"b"}', b'# c\n{}', b'<null>',
    b'[<null>]', b'<.>', b'{"a":"b"}/**//', b'{"a":"b"}/**/', b'{"a":"b"}//', b'{"a":"b"}/', b'{"a":"b"}#',
    b'\xe2\x81\xa0', b'[\xe2\x81\xa0]', b'\xef\xbb\xbf', b'\xef\xbb\xbf{}', b'\xef\xbb{}', b'\xc2\xa0{}',
    b'{}\xc2\xa0', b'[\x0c]', b'[\x0b]', b'\x0c{}', b'{}\x00', b'\x00{}', b'[\x00]', b'[\\u000A""]', b'\x1b{}',
    b'\xe9', b'[\xff]', b'[\xe5]', b'aa', b'@', b'*', b'$', b'"', b"'", b'\\', b',', b':', b'["", "x"', b'{"a":',
    b'{"a"', b'{"', b'{,', b'{"a":"a', b'{"a":"b",', b'["asd]', b'[True]', b'True', b'TRUE', b'[tru]', b'tru',
    b'[truth]', b'[fals]', b'[false1]', b'[nul]', b'nulll', b'[nan]', b'undefined', b'[undefined]', b'None', b'[-]',
    b'?', b'=', b'callback({})', b'{};', b'<?xml version="1.0"?><a/>', b'a=1&b=2', b'--- a: 1', b'(1)', b'[1]x',
    b'["x"]y', b'2@', b'{"a":true} "x"', b']DATA[',
)
OBJECTS: Final = (
    b'{a:1}', b"{'a':1}", b"{'a':'b'}", b'{1:1}', b'{null:1}', b'{null:null,null:null}', b'{"a"}', b'{"a" 1}',
    b'{"a"=1}', b'{"a":}', b'{:1}', b'{:"b"}', b'{"a"::1}', b'{"a":1:2}', b'{"a":1,}', b'{"a":1,,"b":2}', b'{,"a":1}',
    b'{"a":1 "b":2}', b'{"a","b"}', b'{"a":"a" 123}', b'{"a":"b"}{"c":1}', b'{[]:1}', b'{{}:1}', b'{true:1}',
    b'{"a":1;}', b'{"a":b}', b'{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}', b'{9999E9999:1}', b'{"id":0,,,,,}',
    b'{"\xb9":"0",}', b'{1,2}', b'{"a":"b","c"}', b'{"a":1,"a":2}', b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}',
    b'[{"a":1,"\\u0061":2}]',
)
"""The last four say a name twice: JSON allows it, and two readers would take different values."""

NUMBERS: Final = tuple(b"[" + number + b"]" for number in (
    b'+1', b'++1', b'-', b'--1', b'-01', b'-012', b'012', b'00', b'01', b'-00', b'-00.0', b'-00e0', b'00.0', b'00e0',
    b'.1', b'-.1', b'+.1', b'.-1', b'.2e-3', b'1.', b'-1.', b'-2.', b'0.', b'0.e1', b'0.3e', b'0.3e+', b'0e', b'0e+',
    b'0E', b'0E+', b'1.0e', b'1.0e-', b'1.0e+', b'1e', b'1eE2', b'1e1e1', b'2.e3', b'2.e-3', b'2.e+3', b'9.e+',
    b'1 000.0', b'1_000', b'1,0.0.0', b'1.2.3', b'1+2', b'1-2', b'0x1', b'0x42', b'0xg', b'1ea', b'1a', b'-1x',
    b'-foo', b'- 1', b'0.1.2', b'0b1', b'0o7', b'1L', b'1f', b'1.0d', b'1/2', b'1%', b'$1', b'\xc2\xa31',
    b'\xef\xbc\x91', b'\xd9\xa3', b'NaN', b'-NaN', b'Inf', b'Infinity', b'-Infinity', b'+Infinity', b'Infinity1',
    b'123\xe5', b'1e1\xe5', b'0\xe5', b'-123.123foo', b'1\x00', b'1e\xb9', b'~1', b'!0',
))
STRINGS: Final = tuple(b"[" + string + b"]" for string in (
    b'"\\', b'"\\"', b'"a\\', b'"\\x00"', b'"\\x41"', b'"\\0"', b'"\\01"', b'"\\1"', b'"\\a"', b'"\\v"', b'"\\e"',
    b'"\\\'"', b'"\\ "', b'"\\\n"', b'"\\\t"', b'"\\u"', b'"\\u1"', b'"\\u12"', b'"\\u123"', b'"\\uD8"', b'"\\u00A"',
    b'"\\uqqqq"', b'"\\u 123"', b'"\\U0001F600"', b'"\\u{1F600}"', b'"\\N{BULLET}"', b'"\\uD834\\u"',
    b'"\\uD834\\uD"', b'"\\uD834\\uDd"', b'"\\uD800\\"', b'"\\uD800\\u1"', b'"\\uD800\\u1x"', b'"\\u\xe5"',
    b'"\\\xe5"', b'"\\\xf0\x9f\x8c\x80"', b'"\n"', b'"\t"', b'"\r"', b'"\x00"', b'"\x01"', b'"\x1f"', b'"a\x00a"',
    b'"a\nb"', b"'x'", b'`x`', b'"x', b'x"', b'"a" b', b'"a""b"', b'\\u0020"a"', b'\\n', b'"\xff"', b'"\xe5"',
    b'"\x81"', b'"\xc0\xaf"', b'"\xe0\x80\xaf"', b'"\xf0\x80\x80\xaf"', b'"\xfc\x80\x80\x80\x80\xaf"', b'"\xc1\xbf"',
    b'"\xe0\xff"', b'"\xed\xa0\x80"', b'"\xed\xb0\x80"', b'"\xed\xa0\xbd\xed\xb8\x80"', b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"', b'"\xc3"', b'"\xe2\x82"', b'"\xf0\x9f\x98"', b'"\xfe\xff"', b'"\xef\xbf"',
))
NESTED: Final = (
    b"[" * DEEP, b'{"a":' * (DEEP // 3), b'[{"":' * (DEEP // 4), b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
)
ENCODINGS: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "cp1252", "utf-8-sig")
NO_JSON: Final = (
    *STRUCTURES, *OBJECTS, *NUMBERS, *STRINGS, *NESTED, *('{"a": "é"}'.encode(encoding) for encoding in ENCODINGS)
)

JSON: Final = (
    b'[]', b' [] ', b'[[]   ]', b'[""]', b'[null]', b'[true]', b'[1\n]', b' [1]', b'[1,null,null,null,2]', b'[2] ',
    b'[[],[[]]]', b'false', b'true', b'null', b'42', b'-0.1', b'-0', b'-0.0', b'"asd"', b'""', b'[123e65]', b'[0e+1]',
    b'[0e1]', b'[ 4]', b'[-0.000000000000000000000000000000000000000000000000000000000001]', b'[20e1]', b'[-0]',
    b'[-123]', b'[-1]', b'[1E22]', b'[1E-2]', b'[1E+2]', b'[123e45]', b'[123.456e78]', b'[1e-2]', b'[1e+2]', b'[123]',
    b'[123.456789]', b'{"asd":"sdf", "dfg":"fgh"}', b'{"asd":"sdf"}', b'{}', b'{"":0}', b'{"foo\\u0000bar": 42}',
    b'{ "min": -1.0e+28, "max": 1.0e+28 }', b'{"a":[]}', b'{"title":"\\u041f\\u043e"}', b'{\n"a": "b"\n}',
    b'["\\u0060\\u012a\\u12AB"]', b'["\\uD801\\udc37"]', b'["\\ud83d\\ude39\\ud83d\\udc8d"]',
    b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]', b'["\\\\u0000"]', b'["\\""]', b'["a/*b*/c/*d//e"]', b'["\\\\a"]', b'["\\\\n"]',
    b'["\\u0012"]', b'["\\uFFFF"]', b'["asd"]', b'[ "asd"]', b'["\\uDBFF\\uDFFF"]', b'["new\\u00A0line"]',
    b'["\xf4\x8f\xbf\xbf"]', b'["\xef\xbf\xbf"]', b'["\\u0000"]', b'["\\u002c"]', b'["\xcf\x80"]',
    b'["\xf0\x9b\xbf\xbf"]', b'" "', b'["\\uD834\\uDd1e"]', b'["\\u0821"]', b'["\\u0123"]', b'["\xe2\x80\xa8"]',
    b'["\xe2\x80\xa9"]', b'["\\u0061\\u30af\\u30EA\\u30b9"]', b'["new\\u000Aline"]', b'["\x7f"]', b'["\\uA66D"]',
    b'["\\u005C"]', b'["\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82"]', b'["\\uDBFF\\uDFFE"]', b'["\\uD83F\\uDFFE"]',
    b'["\\u200B"]', b'["\\u2064"]', b'["\\uFDD0"]', b'["\\uFFFE"]', b'["\\u0022"]',
    b'["\xe2\x82\xac\xf0\x9d\x84\x9e"]', b'["a\x7fa"]', b'\t\r\n []',
    b"[" * 100 + b"]" * 100,
)
"""Texts that every parser takes; none of them is a body of ours."""

EITHER: Final = (
    b'[123.456e-789]',
    b'[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006]',
    b'[-1e+9999]', b'[1.5e+9999]', b'[-123123e100000]', b'[123123e100000]', b'[123e-10000000]',
    b'[-123123123123123123123123123123]', b'[100000000000000000000]',
    b'[-237462374673276894279832749832423479823246327846]', b'{"\\uDFAA":0}', b'["\\uDADA"]', b'["\\uD888\\u1234"]',
    b'["\\uD800\\n"]', b'["\\uDd1ea"]', b'["\\uD800\\uD800\\n"]', b'["\\ud800"]', b'["\\ud800abc"]',
    b'["\\uDd1e\\uD834"]', b'["\\uDFAA"]', b'[1e999]', b'-1e999', b'{"count": 1e999}', b'{"interval": -0}',
    b"[" * 500 + b"]" * 500, b"9" * 4_999, b"1" + b"0" * 400, b"0." + b"1" * 5_000,
)
"""Texts whose numbers no double holds, or whose strings are no Unicode: read or refused, and never a body of ours."""
# fmt: on
