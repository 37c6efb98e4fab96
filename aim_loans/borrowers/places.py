"""The districts of Pakistan, with the spellings in which files name them. Pure.

Names and P-codes follow OCHA's common operational data set of administrative boundaries
(COD-AB Pakistan, valid from September 2022; CC BY-IGO, OCHA). A P-code is the province's
prefix and the place in its list, counted from 01. Districts that were split off later have
no P-code in that edition.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from aim_loans.texts import normalise_urdu, translator


class District(NamedTuple):
    """A district by its name; `pcode` is None where the list of P-codes does not hold it yet."""

    name: str
    province: str
    pcode: str | None


_PROVINCES: Mapping[str, str] = {
    "PK1": "Azad Jammu and Kashmir",
    "PK2": "Balochistan",
    "PK3": "Gilgit-Baltistan",
    "PK4": "Islamabad Capital Territory",
    "PK5": "Khyber Pakhtunkhwa",
    "PK6": "Punjab",
    "PK7": "Sindh",
}

# Each list is in the order of the P-codes.
_DISTRICTS: Mapping[str, str] = {
    "PK1": "Bagh, Bhimber, Jhelum Valley, Haveli, Kotli, Mirpur, Muzaffarabad, Neelum, Poonch, "
    "Sudhnoti",
    "PK2": "Awaran, Barkhan, Chagai, Dera Bugti, Gwadar, Harnai, Jaffarabad, Jhal Magsi, Kachhi, "
    "Kalat, Kech, Kharan, Khuzdar, Killa Abdullah, Killa Saifullah, Kohlu, Lasbela, Lehri, "
    "Loralai, Mastung, Musakhel, Nasirabad, Nushki, Panjgur, Pishin, Quetta, Sherani, Sibi, "
    "Sohbatpur, Washuk, Zhob, Ziarat, Shaheed Sikandarabad, Duki, Chaman",
    "PK3": "Astore, Diamir, Ghanche, Ghizer, Gilgit, Hunza, Skardu, Nagar, Kharmang, Shigar, "
    "Darel, Tangir, Gupis-Yasin, Rondu",
    "PK4": "Islamabad",
    "PK5": "Abbottabad, Bajaur, Bannu, Batagram, Buner, Charsadda, Chitral Lower, Chitral Upper, "
    "D. I. Khan, Hangu, Haripur, Karak, Khyber, Kohat, Kohistan Lower, Kohistan Upper, "
    "Kolai Palas Kohistan, Kurram, Lakki Marwat, Lower Dir, Malakand, Mansehra, Mardan, Mohmand, "
    "North Waziristan, Nowshera, Orakzai, Peshawar, Shangla, South Waziristan, Swabi, Swat, "
    "Tank, Tor Ghar, Upper Dir",
    "PK6": "Attock, Bahawalnagar, Bahawalpur, Bhakkar, Chakwal, Chiniot, Dera Ghazi Khan, "
    "Faisalabad, Gujranwala, Gujrat, Hafizabad, Jhang, Jhelum, Kasur, Khanewal, Khushab, Lahore, "
    "Leiah, Lodhran, Mandi Bahauddin, Mianwali, Multan, Muzaffargarh, Nankana Sahib, Narowal, "
    "Okara, Pakpattan, Rahim Yar Khan, Rajanpur, Rawalpindi, Sahiwal, Sargodha, Sheikhupura, "
    "Sialkot, Toba Tek Singh, Vehari",
    "PK7": "Badin, Central Karachi, Dadu, East Karachi, Ghotki, Hyderabad, Jacobabad, Jamshoro, "
    "Kambar Shahdad Kot, Kashmore, Khairpur, Korangi Karachi, Larkana, Malir Karachi, Matiari, "
    "Mirpur Khas, Naushahro Feroze, Sanghar, Shaheed Benazir Abad, Shikarpur, South Karachi, "
    "Sujawal, Sukkur, Tando Allahyar, Tando Muhammad Khan, Tharparkar, Thatta, Umer Kot, "
    "West Karachi",
}

_SPLIT_OFF_LATER: Mapping[str, str] = {
    "Balochistan": "Hub, Usta Muhammad",
    "Khyber Pakhtunkhwa": "Lower South Waziristan, Upper South Waziristan",
    "Punjab": "Kot Addu, Murree, Talagang, Taunsa, Wazirabad",
    "Sindh": "Keamari",
}

_OTHER_SPELLINGS: Mapping[str, str] = {
    "Batagram": "Battagram",
    "Central Karachi": "Karachi Central",
    "Chitral Lower": "Lower Chitral, Chitral",
    "Chitral Upper": "Upper Chitral",
    "D. I. Khan": "Dera Ismail Khan",
    "Dera Ghazi Khan": "D. G. Khan",
    "Diamir": "Diamer",
    "East Karachi": "Karachi East",
    "Faisalabad": "Lyallpur",
    "Ghizer": "Ghizar",
    "Gwadar": "Gawadar",
    "Islamabad": "ICT, Islamabad Capital Territory",
    "Jaffarabad": "Jafarabad",
    "Jhelum Valley": "Hattian, Hattian Bala",
    "Kachhi": "Bolan",
    "Kambar Shahdad Kot": "Qambar Shahdadkot, Kamber Shahdadkot",
    "Keamari": "Kemari, Karachi Keamari",
    "Killa Abdullah": "Qila Abdullah",
    "Killa Saifullah": "Qila Saifullah",
    "Korangi Karachi": "Korangi, Karachi Korangi",
    "Leiah": "Layyah",
    "Lower Dir": "Dir Lower",
    "Malir Karachi": "Malir, Karachi Malir",
    "Mandi Bahauddin": "M. B. Din, Mandi Baha ud Din",
    "Mirpur Khas": "Mirpurkhas",
    "Naushahro Feroze": "Naushehro Feroze, Noshero Feroze",
    "Nowshera": "Naushera",
    "Pakpattan": "Pakpatan",
    "Rahim Yar Khan": "R. Y. Khan",
    "Shaheed Benazir Abad": "Nawabshah, S. B. A.",
    "Shaheed Sikandarabad": "Surab",
    "South Karachi": "Karachi South",
    "Sudhnoti": "Sudhanoti, Pallandri",
    "Toba Tek Singh": "T. T. Singh",
    "Tor Ghar": "Torghar, Kala Dhaka",
    "Umer Kot": "Umarkot",
    "Upper Dir": "Dir Upper",
    "West Karachi": "Karachi West",
}


def find_district(text: str) -> District | None:
    """Give the district that a text names, in any case and common spelling; None for others.

    In Urdu by the name that pages and papers give it.
    """
    found = _by_spelling().get(_bare(text))
    if found is not None or text.isascii():
        return found
    return _by_urdu_name().get(_bare(normalise_urdu(text)))


def districts() -> tuple[District, ...]:
    """Give every known district, by province and P-code."""
    return tuple(dict.fromkeys(_by_spelling().values()))


@cache
def _by_spelling() -> dict[str, District]:
    known: dict[str, District] = {}
    for prefix, names in _DISTRICTS.items():
        for place, name in enumerate(names.split(", "), start=1):
            known[_bare(name)] = District(name, _PROVINCES[prefix], f"{prefix}{place:02d}")
    for province, names in _SPLIT_OFF_LATER.items():
        for name in names.split(", "):
            known[_bare(name)] = District(name, province, None)
    for name, spellings in _OTHER_SPELLINGS.items():
        for spelling in spellings.split(", "):
            known[_bare(spelling)] = known[_bare(name)]
    return known


@cache
def _by_urdu_name() -> dict[str, District]:
    urdu = translator("ur")
    return {_bare(urdu.word("district", each.name)): each for each in districts()}


def _bare(text: str) -> str:
    """Leave out case, spaces, dots and hyphens, and the word district."""
    folded = text.casefold().replace("district", "")
    return "".join(letter for letter in folded if letter.isalpha())
