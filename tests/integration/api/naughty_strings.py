"""Texts that programs have stumbled over, by why: words of languages, signs nobody sees, commands for somebody else."""

from __future__ import annotations

from typing import Final

# fmt: off
WORDS: Final = (
    "", " ", "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "None", "true", "false", "True",
    "NaN", "Infinity", "-Infinity", "hasOwnProperty", "__proto__", "constructor", "then", "toString", "\\",
    "\\\\", "__class__", "self", "NULL,NULL",
)
NUMBERS: Final = (
    "0", "1", "-1", "1.00", "$1.00", "1/2", "1E2", "1E02", "-$1.00", "-1/2", "1E+02", "0/0", "0.0", "-0", "--1",
    "+1", "1e999", "-1e999", ".", "..", "0,00", "0..0", "1.0.0", "0.0/0", "-.", "0x0", "0xffffffff",
    "0xabad1dea", "1'000.00", "1 000 000.00", "1,000,000.00", "01000", "08", "2.2250738585072011e-308",
    "999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
    "9007199254740993", "9223372036854775808", "٠١٢٣٤", "１２３", "Ⅷ", "½", "²", "NaN GBP", "1e1000000000",
)
SIGNS: Final = (
    ",./;'[]-=", '<>?:"{}|_+', "!@#$%^&*()`~", "Ω≈ç√∫", "åß∂ƒ©˙∆", "œ∑´®†¥¨ˆøπ“‘",
    "¡™£¢∞§¶•ªº–≠", "¸˛Ç◊ı˜Â¯˘¿", "ЁЂЃЄ", "⁰⁴⁵₀₁₂", "'", '"', "''", '""', '\'"\'',
    "田中さん", "パーティー", "和製漢語", "찦차를", "사회과학원", "𠜎𠜱𠝹𠱓", "Ⱥ", "ȾȿɁ",
    "\u30fd\u0f3c\u0e88\u0644\u035c\u0e88\u0f3d\uff89", "(｡◕ ∀ ◕｡)", "(╯°□°）╯︵ ┻━┻)", "😍",
    "\U0001f469\U0001f3fd\u200d\U0001f91d\u200d\U0001f468\U0001f3ff", "👾 🙇 💁", "🇺🇸🇷🇺🇸", "ثم نفس سقطت",
    "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05b4\u05c1\u05d9\u05ea",
    "\u05d4\u05b8\u05d9\u05b0\u05ea\u05b8\u05d4",
    "\u0645\u064f\u0646\u064e\u0627\u0642\u064e\u0634\u064e\u0629\u064f", "﷽", "ﷺ", "İı", "ŉ", "ß", "ﬁ", "ǰ",
    "e\u0301\u0323",
    "\u1e70\u033a\u033a\u0315o\u035e \u0337i\u0332\u032c\u0347\u032a\u0359n\u031d"
    "\u0317\u0355v\u031f\u031c\u0318\u0326\u035fo\u0336\u0319\u0330\u0320k\xe8",
    "𝕋𝕙𝕖", "¿sǝɥʇ ʎɥʍ", "⒯⒣⒠", "�", "💩", "\U0010ffff", "\uffff", "\ufffe", "\ufdd0", "Å", "Å",
)
UNSEEN: Final = (
    "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x00", "a\x00", "\x00a", "\x01\x02\x03", "\x07", "\x08",
    "\x1b[31m", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\xa0", "\xad", "\u034f", "\u061c", "ᅟ", "\u1680",
    "\u180e", "\u2000\u2003", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a",
    "\u202b", "\u202c", "\u202d", "\u202etest\u202e", "\u202f", "\u205f", "\u2060", "\u2063",
    "\u2066test\u2067", "\u2068", "\u2069", "\u206a", "\u3000", "ㅤ", "\ufeff", "\ufeffrent", "\ufff9",
    "\ufffb", "\U000e0001", "\U000e0041", "\ue000", "a\u0300" * 40, "\ud800", "\udfff", "\udfff\ud800",
    "x\ud83d",
)
COMMANDS: Final = (
    "<script>alert(1)</script>", "&lt;b&gt;", '"><img src=x onerror=alert(1)>', "javascript:alert(1)",
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0}", "%s%s%s%n", "%d", "%x", "%p", "%00", "%0a", "%2e%2e%2f",
    "{__init__.__globals__}", "$HOME", "`id`", "$(id)", "; ls", "| ls", "& calc", "&& id", "1;DROP TABLE event",
    "1'; DROP TABLE event-- 1", "' OR 1=1 -- 1", "' OR '1'='1'", "'; EXEC xp_cmdshell", "\\'; SELECT 1 --",
    "%_", "x' AND pg_sleep(5)--", "../../../../etc/passwd", "..\\..\\boot.ini", "/dev/null; touch x",
    "file:///etc/passwd", "http://a/%%30%30", '@{[system "id"]}', 'eval("puts 1")', "=1+1", "=cmd|'/c calc'!A0",
    "@SUM(1)", "+1+1", "-2+3", "CON", "PRN", "AUX", "NUL", "COM1", "LPT1",
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>', "(a+)+$", "[", "*", "(?<x>", "\\u0000", "\\x00",
    "&#0;", "\r\nSet-Cookie: a=b", "a\r\n\r\nHTTP/1.1 200 OK", "Bearer x", 'W/"v1"', '"v1"', "v1", "*",
    "DCC SEND STARTKEYLOGGER", "Scunthorpe General Hospital",
    "Power\u0644\u064f\u0644\u064f\u0635\u0651\u0628\u064f\u0644\u064f\u0644\u0635"
    "\u0651\u0628\u064f\u0631\u0631\u064b \u0963 \u0963h \u0963 \u0963\u5197",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "x" * 5000, "é" * 300,
)
# fmt: on

NAUGHTY: Final = (*WORDS, *NUMBERS, *SIGNS, *UNSEEN, *COMMANDS)
