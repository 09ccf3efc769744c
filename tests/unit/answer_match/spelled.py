"""Numbers from 0 to 9999 in words, as the grammars of six languages have them."""


def _words(text: str) -> list[str]:
    return text.split()


_PT_ONES = _words(
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze "
    "dezesseis dezessete dezoito dezenove"
)
_PT_TENS = _words("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
_PT_HUNDREDS = _words(
    "cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
)
_EN_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_EN_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_ES_ONES = _words(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
    "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
)
_ES_TENS = _words("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_ES_HUNDREDS = _words(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos "
    "ochocientos novecientos"
)
_FR_ONES = _words(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize dix-sept dix-huit dix-neuf"
)
_FR_TENS = _words("vingt trente quarante cinquante soixante")
_DE_ONES = _words(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn"
)
_DE_TENS = _words("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_IT_ONES = _words(
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici "
    "quattordici quindici sedici diciassette diciotto diciannove"
)
_IT_TENS = _words("venti trenta quaranta cinquanta sessanta settanta ottanta novanta")


def portuguese(n: int) -> str:
    if n < 20:
        return _PT_ONES[n]
    if n < 100:
        return _PT_TENS[n // 10 - 2] + (f" e {_PT_ONES[n % 10]}" if n % 10 else "")
    if n == 100:
        return "cem"
    if n < 1000:
        return _PT_HUNDREDS[n // 100 - 1] + (f" e {portuguese(n % 100)}" if n % 100 else "")
    thousands = "mil" if n < 2000 else f"{portuguese(n // 1000)} mil"
    rest = n % 1000
    joint = " e " if rest < 100 or rest % 100 == 0 else " "
    return thousands + (f"{joint}{portuguese(rest)}" if rest else "")


def english(n: int) -> str:
    if n < 20:
        return _EN_ONES[n]
    if n < 100:
        return _EN_TENS[n // 10 - 2] + (f"-{_EN_ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        rest = f" and {english(n % 100)}" if n % 100 else ""
        return f"{_EN_ONES[n // 100]} hundred{rest}"
    joint = " and " if n % 1000 < 100 else " "
    rest = f"{joint}{english(n % 1000)}" if n % 1000 else ""
    return f"{english(n // 1000)} thousand{rest}"


def spanish(n: int) -> str:
    if n < 30:
        return _ES_ONES[n]
    if n < 100:
        return _ES_TENS[n // 10 - 3] + (f" y {_ES_ONES[n % 10]}" if n % 10 else "")
    if n == 100:
        return "cien"
    if n < 1000:
        return _ES_HUNDREDS[n // 100 - 1] + (f" {spanish(n % 100)}" if n % 100 else "")
    thousands = "mil" if n < 2000 else f"{spanish(n // 1000)} mil"
    return thousands + (f" {spanish(n % 1000)}" if n % 1000 else "")


def french(n: int) -> str:
    if n < 100:
        return _french_tens(n)
    if n < 1000:
        hundreds = "cent" if n < 200 else f"{_FR_ONES[n // 100]} cent{'' if n % 100 else 's'}"
        return hundreds + (f" {french(n % 100)}" if n % 100 else "")
    thousands = "mille" if n < 2000 else f"{french(n // 1000)} mille"
    return thousands + (f" {french(n % 1000)}" if n % 1000 else "")


def _french_tens(n: int) -> str:
    if n < 20:
        return _FR_ONES[n]
    if n >= 80:
        return "quatre-vingts" if n == 80 else f"quatre-vingt-{_FR_ONES[n - 80]}"
    tens = min(n // 10, 6)
    rest = n - 10 * tens
    joint = " et " if n % 10 == 1 else "-"
    return _FR_TENS[tens - 2] + (f"{joint}{_FR_ONES[rest]}" if rest else "")


def german(n: int) -> str:
    if n < 20:
        return _DE_ONES[n]
    if n < 100:
        return (f"{_before(n % 10)}und" if n % 10 else "") + _DE_TENS[n // 10 - 2]
    if n < 1000:
        return f"{_before(n // 100)}hundert{german(n % 100) if n % 100 else ''}"
    return f"{_before(n // 1000)}tausend{german(n % 1000) if n % 1000 else ''}"


def _before(n: int) -> str:
    return "ein" if n == 1 else _DE_ONES[n]


def italian(n: int) -> str:
    if n < 20:
        return _IT_ONES[n]
    if n < 100:
        tens, ones = _IT_TENS[n // 10 - 2], n % 10
        tens = tens[:-1] if ones in (1, 8) else tens
        return tens + ("tré" if ones == 3 else _IT_ONES[ones] if ones else "")
    if n < 1000:
        hundreds = "cento" if n < 200 else f"{_IT_ONES[n // 100]}cento"
        return hundreds + (italian(n % 100) if n % 100 else "")
    thousands = "mille" if n < 2000 else f"{_IT_ONES[n // 1000]}mila"
    return thousands + (italian(n % 1000) if n % 1000 else "")
