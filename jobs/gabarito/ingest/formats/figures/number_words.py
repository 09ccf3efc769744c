"""Numbers of lists in words: ``First``, ``Dois``, ``十二``."""

_CARDINALS = {
    "en": (
        "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen "
        "Sixteen Seventeen Eighteen Nineteen Twenty"
    ),
    "pt": (
        "Um Dois Três Quatro Cinco Seis Sete Oito Nove Dez Onze Doze Treze Catorze Quinze "
        "Dezesseis Dezessete Dezoito Dezenove Vinte"
    ),
    "es": (
        "Uno Dos Tres Cuatro Cinco Seis Siete Ocho Nueve Diez Once Doce Trece Catorce Quince "
        "Dieciséis Diecisiete Dieciocho Diecinueve Veinte"
    ),
}
_ORDINALS = {
    "en": (
        "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth "
        "Thirteenth Fourteenth Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth Twentieth"
    ),
    "pt": "Primeiro Segundo Terceiro Quarto Quinto Sexto Sétimo Oitavo Nono Décimo",
    "es": "Primero Segundo Tercero Cuarto Quinto Sexto Séptimo Octavo Noveno Décimo",
}

CHINESE_STYLES = (
    "chineseCounting",
    "chineseCountingThousand",
    "ideographDigital",
    "japaneseCounting",
    "taiwaneseCounting",
    "taiwaneseCountingThousand",
)
"""Styles of Word that write the numbers to 99 alike."""

_DIGITS = "〇一二三四五六七八九"


def in_words(number: int, style: str, language: str) -> str:
    """Return a number in words, or in digits where its word is not known here."""
    words = (_ORDINALS if style == "ordinalText" else _CARDINALS).get(language[:2], "").split()
    return words[number - 1] if 0 < number <= len(words) else str(number)


def chinese(number: int) -> str:
    """Return a number from 1 to 99 as it is written in Chinese and Japanese, others in digits."""
    tens, ones = divmod(number, 10)
    if not 0 < number < 100:
        return str(number)
    head = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones else "")
