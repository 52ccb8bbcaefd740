//! The steps of each task, for somebody who has never seen a bot.
//!
//! The names of buttons are those of the messengers' own help pages; where an app differs between
//! phones and computers, the step says what to look for instead.

use super::Bot;
use crate::error::Text;
use crate::plan::TaskKind;
use crate::platform::{Kind, OwnRights};
use crate::state::Task;

/// The admin rights of MAX (`platforms/max.md`, section 4.3) in the words of people.
const RIGHTS: [(&str, &str, &str); 8] = [
    ("read_all_messages", "Читать все сообщения", "Read all messages"),
    ("add_remove_members", "Добавлять и удалять участников", "Add and remove members"),
    ("add_admins", "Назначать администраторов", "Appoint admins"),
    ("change_chat_info", "Изменять информацию о чате", "Change the chat's info"),
    ("pin_message", "Закреплять сообщения", "Pin messages"),
    ("write", "Редактировать и удалять сообщения", "Edit and delete messages"),
    ("edit_link", "Изменять ссылку-приглашение", "Change the invite link"),
    ("can_call", "Звонить", "Start calls"),
];

/// One right as a person finds it in the app, with the platform's own word in brackets.
pub(crate) fn right(word: &str) -> Text {
    match RIGHTS.iter().find(|(known, _, _)| *known == word) {
        Some((_, ru, en)) => Text::new(format!("«{ru}» ({word})"), format!("“{en}” ({word})")),
        None => Text::new(word, word),
    }
}

/// What is to be done, step by step.
pub(super) fn of(task: &Task, bot: &Bot, platform: Kind, link: Option<&str>) -> Vec<Text> {
    let place = Place { task, bot, platform, link };
    let mut steps = place.doubt();
    steps.extend(match task.kind {
        TaskKind::CreateChat => place.create_chat(),
        TaskKind::AddBot => place.add_bot(),
        TaskKind::GiveRights => place.give_rights(),
        TaskKind::RotateLink => place.rotate_link(),
        TaskKind::TransferOwnership => place.transfer_ownership(),
        TaskKind::LetIn => place.let_in(),
        TaskKind::GiveCallLink => place.give_call_link(),
    });
    steps
}

fn step(ru: impl Into<String>, en: impl Into<String>) -> Text {
    Text::new(ru, en)
}

/// Where the work is to be done.
struct Place<'t> {
    task: &'t Task,
    bot: &'t Bot,
    platform: Kind,
    link: Option<&'t str>,
}

impl Place<'_> {
    /// Where several groups fit, nobody guesses: the code decides.
    fn doubt(&self) -> Vec<Text> {
        let doubtful = &self.task.details.doubtful;
        if doubtful.is_empty() {
            return Vec::new();
        }
        let (groups, code) = (doubtful.join(", "), &self.task.code);
        vec![step(
            format!(
                "К этой задаче подходит сразу несколько групп: {groups}. Допишите код {code} в \
                 название нужной группы, и больше ничего делать не надо."
            ),
            format!(
                "Several groups fit this task: {groups}. Put the code {code} into the title of the \
                 right one; nothing else is needed then."
            ),
        )]
    }

    fn create_chat(&self) -> Vec<Text> {
        let mut steps = self.make();
        steps.extend(self.let_bot_in());
        steps.push(self.make_admin(&OwnRights::default().lacking(self.platform)));
        steps.extend([self.send_code(), nobody_else()]);
        steps
    }

    fn make(&self) -> Vec<Text> {
        let (app, title, code) = (self.app(), &self.task.title, &self.task.code);
        vec![
            step(
                format!(
                    "Откройте {app}, нажмите кнопку «+» над списком чатов и выберите «Создать \
                     групповой чат»."
                ),
                format!(
                    "Open {app}, press “+” above the list of chats and choose “Create a group chat”."
                ),
            ),
            step(
                "Людей не выбирайте: пропустите этот шаг, нажав «Продолжить».",
                "Choose no people: skip that step with “Continue”.",
            ),
            step(
                format!(
                    "Введите название точно так: «{title}», и нажмите «Создать чат». В конце \
                     названия можно дописать код {code}; потом он уберётся сам."
                ),
                format!(
                    "Type the title exactly so: “{title}”, and press “Create chat”. The code {code} \
                     may be added at its end; it is taken out by itself later."
                ),
            ),
        ]
    }

    fn add_bot(&self) -> Vec<Text> {
        let mut steps = vec![self.open()];
        steps.extend(self.let_bot_in());
        steps.push(self.make_admin(&OwnRights::default().lacking(self.platform)));
        steps
    }

    fn let_bot_in(&self) -> Vec<Text> {
        let bot = self.bot();
        let mut steps = vec![step(
            format!(
                "Нажмите на название чата вверху экрана, выберите «Добавить участников», найдите \
                 через поиск {} и добавьте.",
                bot.ru
            ),
            format!(
                "Press the chat's title at the top of the screen, choose “Add members”, search for \
                 {} and add it.",
                bot.en
            ),
        )];
        if self.platform == Kind::Max {
            steps.push(step(
                "Если MAX не даёт добавить бота, попросите того, кто ведёт бота, включить в \
                 карточке бота переключатель «может добавляться в группы», и повторите.",
                "If MAX does not let you add the bot, ask whoever keeps the bot to turn on the \
                 switch “may be added to groups” on the bot's card, and try again.",
            ));
        }
        steps
    }

    fn make_admin(&self, rights: &[&str]) -> Text {
        let bot = self.bot();
        let rights = on(rights);
        step(
            format!(
                "Нажмите на название чата, откройте «Администраторы», «Добавить администратора», \
                 выберите {}{} и нажмите «Сохранить».",
                bot.ru, rights.ru
            ),
            format!(
                "Press the chat's title, open “Admins”, “Add an admin”, choose {}{} and press \
                 “Save”.",
                bot.en, rights.en
            ),
        )
    }

    fn send_code(&self) -> Text {
        let code = &self.task.code;
        step(
            format!("Если кода в названии нет, отправьте в эту группу сообщение: {code}"),
            format!("If the code is not in the title, send this message to the group: {code}"),
        )
    }

    fn give_rights(&self) -> Vec<Text> {
        let (bot, rights) = (self.bot(), self.lacking());
        vec![
            self.open(),
            step(
                format!(
                    "Нажмите на название чата, откройте «Администраторы» и выберите {} (если его \
                     там нет, нажмите «Добавить администратора»).",
                    bot.ru
                ),
                format!(
                    "Press the chat's title, open “Admins” and choose {} (if it is not there, press \
                     “Add an admin”).",
                    bot.en
                ),
            ),
            step(
                format!("Включите: {}. Остальное не меняйте. Нажмите «Сохранить».", rights.ru),
                format!("Turn on: {}. Leave the rest as it is. Press “Save”.", rights.en),
            ),
        ]
    }

    /// The rights that the task names; all that are needed where it names none.
    fn lacking(&self) -> Text {
        let named = &self.task.details.rights;
        match named.is_empty() {
            true => list(&OwnRights::default().lacking(self.platform)),
            false => list(&named.iter().map(String::as_str).collect::<Vec<_>>()),
        }
    }

    fn rotate_link(&self) -> Vec<Text> {
        let change = if self.link.is_none() { self.make_link() } else { self.renew() };
        vec![self.open_as_admin(), change, self.tell_link()]
    }

    fn make_link(&self) -> Text {
        let ru = "Нажмите на название чата и создайте ссылку-приглашение: без неё никого нельзя \
                  пригласить.";
        let en = "Press the chat's title and make an invite link: without one nobody can be \
                  invited.";
        step(ru, en)
    }

    fn renew(&self) -> Text {
        let ru = "Нажмите на название чата, откройте ссылку-приглашение и выберите «Обновить \
                  ссылку» (или «Сбросить ссылку»). По старой ссылке больше никто не войдёт.";
        let en = "Press the chat's title, open the invite link and choose “Renew the link” (or \
                  “Reset the link”). Nobody gets in by the old link any more.";
        step(ru, en)
    }

    fn tell_link(&self) -> Text {
        match self.platform {
            Kind::Max => step(
                "Новую ссылку никуда вписывать не надо: она прочитается сама и будет разослана.",
                "The new link need not be written down anywhere: it is read and sent out by itself.",
            ),
            Kind::Vk => step(
                "Скопируйте новую ссылку и впишите её при отметке, что задача сделана.",
                "Copy the new link and enter it when you mark this task as done.",
            ),
        }
    }

    fn transfer_ownership(&self) -> Vec<Text> {
        let (title, account, app) = (&self.task.title, &self.task.account, self.app());
        vec![
            step(
                format!(
                    "Владелец чата «{title}» (учётная запись {account}) больше не должен в нём \
                     быть. Попросите владельца открыть этот чат в {app}."
                ),
                format!(
                    "The owner of the chat “{title}” (account {account}) should not be in it any \
                     more. Ask the owner to open this chat in {app}."
                ),
            ),
            step(
                "Пусть владелец нажмёт на название чата, откроет «Администраторы», выберет \
                 сотрудника школы и передаст ему права владельца.",
                "Let the owner press the chat's title, open “Admins”, choose an employee of the \
                 school and hand the ownership over.",
            ),
            step(
                "Удалять прежнего владельца не надо: это произойдёт само.",
                "The former owner need not be removed by hand: that happens by itself.",
            ),
        ]
    }

    fn let_in(&self) -> Vec<Text> {
        let mut steps = vec![self.open_as_admin(), self.unban()];
        steps.push(match self.link {
            Some(link) => step(
                format!("Отправьте человеку ссылку и попросите войти по ней: {link}"),
                format!("Send the person the link and ask them to come in by it: {link}"),
            ),
            None => step(
                "Отправьте человеку ссылку-приглашение чата и попросите войти по ней.",
                "Send the person the chat's invite link and ask them to come in by it.",
            ),
        });
        steps.push(self.add_by_hand());
        steps
    }

    fn unban(&self) -> Text {
        let account = &self.task.account;
        step(
            format!(
                "Нажмите на название чата и откройте чёрный список. Если в нём есть учётная запись \
                 {account}, уберите её оттуда."
            ),
            format!(
                "Press the chat's title and open the black list. If the account {account} is in it, \
                 take it out."
            ),
        )
    }

    fn add_by_hand(&self) -> Text {
        step(
            "Если человек не может войти и так, нажмите «Добавить участников», найдите его и \
             добавьте сами.",
            "If the person cannot come in even so, press “Add members”, find the person and add \
             them yourself.",
        )
    }

    fn give_call_link(&self) -> Vec<Text> {
        let title = &self.task.title;
        let shape = match self.platform {
            Kind::Max => "https://max.ru/joincall/…",
            Kind::Vk => "https://vk.com/call/join/…",
        };
        vec![
            self.open(),
            step(
                "Создайте ссылку на звонок: на вкладке «Звонки» нажмите «Создать ссылку на звонок». \
                 Ссылка остаётся одной и той же для всех онлайн-занятий этого чата.",
                "Make a call link: on the tab “Calls” press “Create a call link”. It stays the same \
                 for all online lessons of this chat.",
            ),
            step(
                format!(
                    "Скопируйте ссылку вида {shape} (подойдёт и ссылка другой системы видеосвязи) и \
                     впишите её при отметке, что задача сделана. В чат «{title}» её отправлять не \
                     надо: о каждом занятии чат узнает сам."
                ),
                format!(
                    "Copy the link, which looks like {shape} (one of another system for calls will do), \
                     and enter it when you mark this task as done. It need not be sent to the chat \
                     “{title}”: the chat is told of each lesson."
                ),
            ),
        ]
    }

    fn open(&self) -> Text {
        let (app, title, by) = (self.app(), &self.task.title, self.by_link());
        step(
            format!("Откройте в {app} чат «{title}»{}.", by.ru),
            format!("Open the chat “{title}” in {app}{}.", by.en),
        )
    }

    fn open_as_admin(&self) -> Text {
        let (app, title, by) = (self.app(), &self.task.title, self.by_link());
        step(
            format!(
                "Откройте в {app} чат «{title}»{}. Это должен сделать владелец чата или его \
                 администратор.",
                by.ru
            ),
            format!(
                "Open the chat “{title}” in {app}{}. The chat's owner or one of its admins must do \
                 this.",
                by.en
            ),
        )
    }

    fn by_link(&self) -> Text {
        match self.link {
            Some(link) => step(format!(" ({link})"), format!(" ({link})")),
            None => step("", ""),
        }
    }

    fn app(&self) -> &'static str {
        match self.platform {
            Kind::Max => "MAX",
            Kind::Vk => "VK",
        }
    }

    /// How to find the library's own account: by its short name, else by its name.
    fn bot(&self) -> Text {
        let (what_ru, what_en) = match self.platform {
            Kind::Max => ("бота", "the bot"),
            Kind::Vk => ("сообщество", "the community"),
        };
        let title = &self.bot.title;
        match (&self.bot.nick, title.is_empty()) {
            (Some(nick), true) => step(format!("{what_ru} @{nick}"), format!("{what_en} @{nick}")),
            (Some(nick), false) => step(
                format!("{what_ru} @{nick} («{title}»)"),
                format!("{what_en} @{nick} (“{title}”)"),
            ),
            (None, false) => step(format!("{what_ru} «{title}»"), format!("{what_en} “{title}”")),
            (None, true) => step(format!("{what_ru} школы"), format!("{what_en} of the school")),
        }
    }
}

/// The rights to be turned on, as a part of a sentence.
fn on(rights: &[&str]) -> Text {
    if rights.is_empty() {
        return step("", "");
    }
    let rights = list(rights);
    step(format!(", включите права: {}", rights.ru), format!(", turn on the rights: {}", rights.en))
}

fn list(rights: &[&str]) -> Text {
    let rights: Vec<Text> = rights.iter().map(|word| right(word)).collect();
    if rights.is_empty() {
        return step("права администратора", "the rights of an admin");
    }
    let ru: Vec<&str> = rights.iter().map(|right| right.ru.as_str()).collect();
    let en: Vec<&str> = rights.iter().map(|right| right.en.as_str()).collect();
    step(ru.join(", "), en.join(", "))
}

fn nobody_else() -> Text {
    step(
        "Больше никого не добавляйте: люди войдут сами по ссылке.",
        "Add nobody else: people come in by the link themselves.",
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Bot, of};
    use crate::plan::{TaskDetails, TaskKind};
    use crate::platform::Kind;
    use crate::state::Task;

    fn task(kind: TaskKind, details: TaskDetails) -> Task {
        Task {
            id: 3,
            code: "#7K2T".to_owned(),
            kind,
            chat: "class:1a".to_owned(),
            account: "5002".to_owned(),
            title: "1А - Чат учеников".to_owned(),
            details,
            since: Timestamp::UNIX_EPOCH,
            closed: None,
        }
    }

    fn bot() -> Bot {
        Bot { nick: Some("id7700000000_bot".to_owned()), title: "Школа".to_owned() }
    }

    /// The steps in Russian and in English, each as one text.
    fn told(kind: TaskKind, details: TaskDetails, platform: Kind) -> (String, String) {
        let steps = of(&task(kind, details), &bot(), platform, Some("https://max.ru/join/x"));
        let ru: Vec<&str> = steps.iter().map(|step| step.ru.as_str()).collect();
        let en: Vec<&str> = steps.iter().map(|step| step.en.as_str()).collect();
        (ru.join("\n"), en.join("\n"))
    }

    #[test]
    fn making_a_chat_names_title_code_bot_switch_and_every_right() {
        let (ru, en) = told(TaskKind::CreateChat, TaskDetails::default(), Kind::Max);
        for word in ["«1А - Чат учеников»", "#7K2T", "@id7700000000_bot", "добавляться в группы"]
        {
            assert!(ru.contains(word), "{word}: {ru}");
        }
        for right in crate::platform::OwnRights::default().lacking(Kind::Max) {
            assert!(ru.contains(&format!("({right})")), "{right}: {ru}");
            assert!(en.contains(&format!("({right})")), "{right}: {en}");
        }
        assert!(en.contains("“1А - Чат учеников”") && en.contains("may be added to groups"));
    }

    #[test]
    fn giving_rights_names_exactly_those_that_are_lacking() {
        let rights = vec!["pin_message".to_owned(), "new_right".to_owned()];
        let details = TaskDetails { rights, ..TaskDetails::default() };
        let (ru, _) = told(TaskKind::GiveRights, details, Kind::Max);
        assert!(ru.contains("Включите: «Закреплять сообщения» (pin_message), new_right."), "{ru}");
        assert!(!ru.contains("add_admins"), "{ru}");
    }

    #[test]
    fn where_two_groups_fit_the_first_step_says_so() {
        let doubtful = vec!["-71".to_owned(), "-72".to_owned()];
        let details = TaskDetails { doubtful, ..TaskDetails::default() };
        let (ru, en) = told(TaskKind::CreateChat, details, Kind::Max);
        let first = ru.lines().next().unwrap_or_default();
        assert!(first.contains("-71, -72") && first.contains("#7K2T"), "{first}");
        assert!(en.starts_with("Several groups fit this task: -71, -72."), "{en}");
    }

    #[test]
    fn every_task_has_as_many_steps_in_russian_as_in_english_and_no_word_of_the_other_messenger() {
        for kind in TaskKind::ALL {
            for (platform, other) in [(Kind::Max, "VK"), (Kind::Vk, "MAX")] {
                let (ru, en) = told(kind, TaskDetails::default(), platform);
                assert_eq!(ru.lines().count(), en.lines().count(), "{kind:?}");
                assert!(ru.lines().count() >= 3, "{kind:?}: {ru}");
                assert!(!ru.contains(other) && !en.contains(other), "{kind:?}: {ru}");
                let russian = |text: &str| text.contains(['ы', 'и', 'ж']);
                assert!(ru.lines().all(russian), "{kind:?}: {ru}");
            }
        }
    }

    #[test]
    fn a_new_link_is_entered_by_hand_only_where_it_cannot_be_read() {
        let (max, _) = told(TaskKind::RotateLink, TaskDetails::default(), Kind::Max);
        let (vk, _) = told(TaskKind::RotateLink, TaskDetails::default(), Kind::Vk);
        assert!(max.contains("прочитается сама") && !max.contains("Скопируйте"), "{max}");
        assert!(vk.contains("Скопируйте новую ссылку"), "{vk}");
    }
}
