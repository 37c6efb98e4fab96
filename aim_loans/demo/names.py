"""Names as people in Pakistan bear them, in both scripts. Pure; nobody in particular is meant."""

from typing import NamedTuple


class Name(NamedTuple):
    """A part of a name, in Latin and in Urdu letters."""

    latin: str
    urdu: str


def _names(text: str) -> tuple[Name, ...]:
    """Read a list of parts: Latin, a blank, Urdu, separated by commas."""
    return tuple(Name(*part.strip().split(" ", 1)) for part in text.split(","))


WOMEN = _names(
    "Zainab زینب, Bushra بشریٰ, Amna آمنہ, Fatima فاطمہ, Khadija خدیجہ, Saima صائمہ, Nasreen نسرین, "
    "Shazia شازیہ, Rubina روبینہ, Kausar کوثر, Parveen پروین, Tahira طاہرہ, Shabana شبانہ, "
    "Rukhsana رخسانہ, Naseem نسیم, Yasmin یاسمین, Farzana فرزانہ, Sajida ساجدہ, Samina ثمینہ, "
    "Asma اسماء, Hina حنا, Sadia سعدیہ, Rabia رابعہ, Mehwish مہوش, Nazia نازیہ, Uzma عظمیٰ"
)
WOMEN_LAST = _names("Bibi بی+بی, Begum بیگم, Khatoon خاتون, Akhtar اختر, Naz ناز, Kausar کوثر")
MEN = _names(
    "Muhammad محمد, Ahmed احمد, Ali علی, Imran عمران, Asif آصف, Rashid راشد, Bilal بلال, "
    "Tariq طارق, Khalid خالد, Nadeem ندیم, Shahid شاہد, Waseem وسیم, Iqbal اقبال, Zafar ظفر, "
    "Sajjad سجاد, Akram اکرم, Naveed نوید, Farhan فرحان, Usman عثمان, Hamid حامد, Yousaf یوسف, "
    "Saleem سلیم, Arshad ارشد, Faisal فیصل, Javed جاوید, Kashif کاشف"
)
MEN_LAST = _names(
    "Aslam اسلم, Hussain حسین, Khan خان, Ahmed احمد, Ali علی, Akram اکرم, Iqbal اقبال, "
    "Shah شاہ, Malik ملک, Rafiq رفیق, Sharif شریف, Bashir بشیر, Latif لطیف, Ramzan رمضان"
)


def joined(*parts: Name) -> Name:
    """Give a whole name in both scripts."""
    urdu = " ".join(part.urdu.replace("+", " ") for part in parts)
    return Name(" ".join(part.latin for part in parts), urdu)
