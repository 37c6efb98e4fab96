"""Made-up names of borrowers, as common as names are: many share a word, few share all words."""

WOMEN = (
    *("Bushra", "Nasreen", "Shazia", "Rukhsana", "Zainab", "Fatima", "Ayesha", "Kausar"),
    *("Saima", "Rubina", "Farzana", "Parveen", "Amna", "Khadija", "Shamim", "Tahira"),
)
MEN = (
    *("Muhammad", "Ghulam", "Abdul", "Rashid", "Tariq", "Imran", "Khalid", "Nadeem"),
    *("Shahid", "Javed", "Zafar", "Akram", "Riaz", "Bashir", "Yousaf", "Sajid"),
)
SECOND = (
    *("Perveen", "Bibi", "Akhtar", "Iqbal", "Hussain", "Ahmed", "Ali", "Khan", "Begum"),
    *("Aslam", "Nawaz", "Malik", "Butt", "Chaudhry", "Siddiqui", "Rehman", "Shah", "Abbas"),
    *("Farooq", "Anwar", "Saleem", "Rafiq", "Yasmin"),
)


def name_of(borrower: int, gender: str) -> str:
    """Give a borrower's name, the same whenever it is asked."""
    first = WOMEN if gender == "female" else MEN
    family = SECOND[borrower // len(first) % len(SECOND)]
    return f"{first[borrower % len(first)]} {family} {SECOND[borrower * 7 % len(SECOND)]}"
