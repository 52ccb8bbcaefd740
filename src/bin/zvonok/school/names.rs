//! Russian names that agree in gender: Орлов and Орлова, Ильич and Ильинична.

use rand::seq::IndexedRandom;

use super::Chance;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gender {
    Female,
    Male,
}

/// A man's name with the patronymics that his son and his daughter bear.
pub(super) struct Man {
    given: &'static str,
    son: &'static str,
    daughter: &'static str,
}

#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) gender: Gender,
    pub(super) family: String,
    pub(super) given: &'static str,
    pub(super) middle: &'static str,
}

/// A surname in its masculine form, the one that a dictionary has.
pub(super) fn surname(chance: &mut Chance) -> &'static str {
    pick(&SURNAMES, chance)
}

pub(super) fn man(chance: &mut Chance) -> &'static Man {
    let at = rand::RngExt::random_range(chance, 0..MEN.len() as u32);
    &MEN[at as usize]
}

/// A name of that family; `father` gives the patronymic.
pub(super) fn name(surname: &str, gender: Gender, father: &Man, chance: &mut Chance) -> Name {
    let given = match gender {
        Gender::Female => pick(&WOMEN, chance),
        Gender::Male => man(chance).given,
    };
    let mut name = Name { gender, family: family(surname, gender), given, middle: father.daughter };
    if gender == Gender::Male {
        name.middle = father.son;
    }
    name
}

/// The name of the father himself, whose own father is nobody's concern.
pub(super) fn father(surname: &str, himself: &Man, chance: &mut Chance) -> Name {
    Name { given: himself.given, ..name(surname, Gender::Male, man(chance), chance) }
}

fn family(surname: &str, gender: Gender) -> String {
    match gender {
        Gender::Male => surname.to_owned(),
        Gender::Female => feminine(surname),
    }
}

/// Surnames in -ов, -ев, -ин take -а, those in -ский become -ская, all others stay.
fn feminine(surname: &str) -> String {
    if let Some(stem) = surname.strip_suffix("ий") {
        return format!("{stem}ая");
    }
    let takes_a = ["ов", "ев", "ёв", "ин"].iter().any(|end| surname.ends_with(end));
    if takes_a { format!("{surname}а") } else { surname.to_owned() }
}

fn pick(list: &'static [&'static str], chance: &mut Chance) -> &'static str {
    list.choose(chance).copied().unwrap_or_default()
}

const SURNAMES: [&str; 72] = [
    "Агафонов",
    "Анисимов",
    "Баранов",
    "Белов",
    "Беляев",
    "Бондаренко",
    "Быков",
    "Виноградов",
    "Власов",
    "Волков",
    "Воробьёв",
    "Гаврилов",
    "Герасимов",
    "Голубев",
    "Горбунов",
    "Григорьев",
    "Гусев",
    "Давыдов",
    "Данилов",
    "Денисов",
    "Дмитриев",
    "Егоров",
    "Ершов",
    "Жуков",
    "Зайцев",
    "Захаров",
    "Зимин",
    "Ильин",
    "Калинин",
    "Карпов",
    "Ким",
    "Киселёв",
    "Князев",
    "Ковальский",
    "Комаров",
    "Коновалов",
    "Королёв",
    "Кравчук",
    "Крылов",
    "Кудрявцев",
    "Куликов",
    "Лазарев",
    "Лебедев",
    "Логинов",
    "Макаров",
    "Максимов",
    "Марков",
    "Мельник",
    "Миронов",
    "Никитин",
    "Озерский",
    "Орлов",
    "Осипов",
    "Панфилов",
    "Покровский",
    "Поляков",
    "Пономарёв",
    "Родионов",
    "Рябов",
    "Савельев",
    "Селезнёв",
    "Сидоренко",
    "Соболев",
    "Сорокин",
    "Тарасов",
    "Титов",
    "Фадеев",
    "Филатов",
    "Хохлов",
    "Цветков",
    "Шестаков",
    "Щербак",
];

const WOMEN: [&str; 32] = [
    "Алёна",
    "Алина",
    "Алиса",
    "Анастасия",
    "Анна",
    "Валентина",
    "Валерия",
    "Варвара",
    "Вера",
    "Виктория",
    "Галина",
    "Дарья",
    "Евгения",
    "Екатерина",
    "Елена",
    "Елизавета",
    "Жанна",
    "Ирина",
    "Ксения",
    "Лариса",
    "Любовь",
    "Маргарита",
    "Марина",
    "Мария",
    "Надежда",
    "Наталья",
    "Ольга",
    "Полина",
    "Светлана",
    "София",
    "Татьяна",
    "Юлия",
];

const MEN: [Man; 30] = [
    who("Александр", "Александрович", "Александровна"),
    who("Алексей", "Алексеевич", "Алексеевна"),
    who("Анатолий", "Анатольевич", "Анатольевна"),
    who("Андрей", "Андреевич", "Андреевна"),
    who("Антон", "Антонович", "Антоновна"),
    who("Артём", "Артёмович", "Артёмовна"),
    who("Борис", "Борисович", "Борисовна"),
    who("Вадим", "Вадимович", "Вадимовна"),
    who("Валерий", "Валерьевич", "Валерьевна"),
    who("Виктор", "Викторович", "Викторовна"),
    who("Владимир", "Владимирович", "Владимировна"),
    who("Глеб", "Глебович", "Глебовна"),
    who("Григорий", "Григорьевич", "Григорьевна"),
    who("Денис", "Денисович", "Денисовна"),
    who("Дмитрий", "Дмитриевич", "Дмитриевна"),
    who("Евгений", "Евгеньевич", "Евгеньевна"),
    who("Егор", "Егорович", "Егоровна"),
    who("Иван", "Иванович", "Ивановна"),
    who("Игорь", "Игоревич", "Игоревна"),
    who("Илья", "Ильич", "Ильинична"),
    who("Кирилл", "Кириллович", "Кирилловна"),
    who("Константин", "Константинович", "Константиновна"),
    who("Максим", "Максимович", "Максимовна"),
    who("Михаил", "Михайлович", "Михайловна"),
    who("Никита", "Никитич", "Никитична"),
    who("Николай", "Николаевич", "Николаевна"),
    who("Олег", "Олегович", "Олеговна"),
    who("Павел", "Павлович", "Павловна"),
    who("Роман", "Романович", "Романовна"),
    who("Сергей", "Сергеевич", "Сергеевна"),
];

const fn who(given: &'static str, son: &'static str, daughter: &'static str) -> Man {
    Man { given, son, daughter }
}
