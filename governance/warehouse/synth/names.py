"""Names to compose people from. Lists of our own, varied as a Connecticut district is; nobody real is meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from governance.warehouse.synth.chance import Ints

RACES = (
    "White", "HispanicOrLatino", "BlackOrAfricanAmerican", "Asian", "TwoOrMoreRaces",
    "AmericanIndianOrAlaskaNative", "NativeHawaiianOrPacificIslander", "NotReported",
)  # fmt: skip
SEXES = ("Female", "Male", "NotSelected")


def _words(text: str) -> list[str]:
    return text.split()


_EUROPEAN = _words(
    """
    Anderson Baker Barnes Bianchi Bouchard Brennan Brooks Campbell Carlson Chapman Collins Costello Cyr
    Dalton DeLuca Donovan Doyle Esposito Ferraro Fitzgerald Fontaine Gagnon Gallagher Garrity Gorski
    Graves Hale Hartley Healy Hutchins Jablonski Jansen Kaczmarek Keller Kowalski Lavoie Leclair
    Lindqvist Lombardi Mancini Marchetti McAllister McCarthy Moriarty Murphy Nowak O'Connor O'Hara Olsen
    Palmer Pelletier Petrov Pires Quinlan Reardon Ricci Rossi Sandler Sawicki Schmidt Sheehan Silva
    Sorensen Stanton Sullivan Thibault Tucci Vaughn Wallace Weiss Whitaker Wozniak
    """
)
_HISPANIC = _words(
    """
    Acevedo Aguilar Alvarado Bautista Burgos Caballero Calderon Cardona Castillo Cintron Colon Cordero
    Cruz Delgado Escobar Espinal Feliciano Figueroa Flores Fuentes Galarza Garcia Guerrero Gutierrez
    Hernandez Jimenez Lebron Lopez Maldonado Martinez Medina Mejia Melendez Mercado Montalvo Morales
    Nieves Ocasio Ortega Ortiz Pabon Paredes Pena Quispe Ramirez Reyes Rios Rivera Rosado Salazar
    Santana Santiago Soto Tejada Torres Valentin Vargas Velez Zayas
    """
)
_BLACK = _words(
    """
    Abara Adeyemi Alleyne Asante Bailey Banks Battle Beckford Boateng Booker Bryant Campbell Charles
    Clarke Coleman Daley Desir Dixon Edwards Fofana Francis Gaines Gordon Grant Hinds Holloway Jackson
    Jean-Baptiste Joseph Kamara Lewis Mensah Mitchell Morgan Ndiaye Nwosu Okafor Okoye Owusu Pierre
    Powell Reid Robinson Samuels Simmons Sterling Thompson Toussaint Walker Washington Watkins Williams
    """
)
_ASIAN = _words(
    """
    Ahmed Bhatt Chaudhry Chen Cho Choi Dang Das Desai Dinh Fernandes Gao Ghosh Gupta Hasan Ho Hossain
    Huang Iyer Khan Kim Krishnan Kumar Lam Le Li Lim Lin Liu Malik Mehta Nair Nakamura Nguyen Park Patel
    Pham Phan Rahman Rao Reddy Santos Sato Shah Sharma Singh Suzuki Tan Tran Truong Vang Vu Wang Wong Wu
    Yang Zhang Zhao
    """
)
_NATIVE = _words("Brightwater Fielding Hawkins Longfoot Redcloud Swiftwater Tallbird Two-Rivers Whitefeather Wolfe")
_PACIFIC = _words("Faleolo Iosefa Kahale Kealoha Leota Mahoe Palakiko Tuiasosopo Tupou Uluave")

_FEMALE = _words(
    """
    Abigail Addison Alice Amara Amelia Ana Anika Aria Aurora Ava Beatriz Brianna Camila Chloe Clara
    Daniela Destiny Elena Eliza Emma Esther Fatima Fiona Gabriela Grace Hannah Harper Imani Ines
    Isabella Ivy Jada Jasmine Julia Kavya Kayla Keira Layla Leah Lily Linh Lucia Luna Maeve Mariana Maya
    Mei Mia Naomi Nia Nora Olivia Penelope Priya Quinn Rachel Rosa Ruby Sadie Sana Sofia Stella Tessa
    Valentina Violet Willow Ximena Yara Zoe Zuri
    """
)
_MALE = _words(
    """
    Aaron Adrian Aiden Alejandro Amir Andre Anthony Arjun Asher Benjamin Caleb Carlos Charlie
    Christopher Connor Daniel Darius David Declan Diego Dylan Elijah Emmanuel Ethan Felix Finn Gabriel
    Gavin Henry Hugo Ian Isaac Isaiah Jaden James Javier Jayden Jonah Jose Joshua Kai Kenji Kofi Landon
    Leo Liam Lucas Luis Malik Marcus Mateo Max Miles Minh Nathan Nikhil Noah Omar Oscar Owen Patrick
    Rafael Rohan Ryan Samuel Sean Sebastian Theo Thomas Tyler Victor Wyatt Xavier Yusuf Zachary
    """
)
_WOMEN = _words(
    """
    Adele Alicia Amy Angela Barbara Carmen Carol Cheryl Christine Colleen Cynthia Deborah Diane Donna
    Elaine Elizabeth Evelyn Gail Gloria Heather Helen Irene Janet Jennifer Joan Joyce Judith Karen
    Kathleen Kimberly Laura Linda Lisa Lorraine Luz Maria Martha Melissa Michelle Monica Nancy Nicole
    Pamela Rebecca Renee Rosemary Sandra Sharon Sheila Susan Sunita Teresa Tracy Vanessa Wendy Yvonne
    """
)
_MEN = _words(
    """
    Ahmed Alan Albert Andrew Arthur Brian Bruce Carl Charles Craig Curtis Dennis Derek Donald Douglas
    Edward Eric Fernando Frank Gary George Gregory Harold Hector Jeffrey Jerome John Jorge Joseph Keith
    Kenneth Kevin Lamar Lawrence Manuel Mark Martin Matthew Michael Miguel Neil Nelson Omar Patrick Paul
    Peter Philip Rajesh Ramon Raymond Richard Robert Roger Ronald Russell Samir Scott Stanley Stephen
    Steven Terrence Thomas Timothy Tomasz Victor Vincent Walter Warren Wayne Wei William
    """
)

_SURNAMES = (_EUROPEAN, _HISPANIC, _BLACK, _ASIAN, _EUROPEAN + _HISPANIC + _BLACK, _NATIVE, _PACIFIC, _EUROPEAN)
_LONGEST = max(len(names) for names in _SURNAMES)
_SURNAME_TABLE = np.array([[names[n % len(names)] for n in range(_LONGEST)] for names in _SURNAMES], dtype=object)
_GIVEN_TABLE = np.array([(_FEMALE * 2)[:70], (_MALE * 2)[:70], (_FEMALE[::2] + _MALE[::2])[:70]], dtype=object)
_ADULT_TABLE = np.array([_WOMEN[:56], _MEN[:56], _WOMEN[:28] + _MEN[:28]], dtype=object)


def surnames(rng: np.random.Generator, race: Ints) -> np.ndarray:
    """A surname each; about one in eleven is double, more often among Hispanic families."""
    size = len(race)
    first = _SURNAME_TABLE[race, rng.integers(0, _LONGEST, size)]
    second = _SURNAME_TABLE[race, rng.integers(0, _LONGEST, size)]
    double = (rng.random(size) < np.where(race == 1, 0.22, 0.06)) & (first != second)
    return np.where(double, first + np.full(size, "-", dtype=object) + second, first)


def given_names(rng: np.random.Generator, sex: Ints) -> np.ndarray:
    return _GIVEN_TABLE[sex, rng.integers(0, 70, len(sex))]


def adult_names(rng: np.random.Generator, sex: Ints) -> np.ndarray:
    return _ADULT_TABLE[sex, rng.integers(0, 56, len(sex))]


def text(values: np.ndarray) -> pa.Array:
    return pa.array(values.tolist(), type=pa.string())
