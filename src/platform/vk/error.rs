//! What VK's error codes mean for us: a table, not a program. The codes are those of VK's schema
//! 5.199 and of its method pages as of October 2026.

use std::time::Duration;

use crate::error::Text;
use crate::platform::{Class, Failure};

/// An error as VK tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VkError {
    pub(super) code: i64,
    /// `error_msg`, English.
    pub(super) text: String,
    /// `error_text`, in the language asked for; often absent.
    pub(super) local: Option<String>,
}

impl VkError {
    /// The failure of `method`. Its texts still hold what VK wrote, see [`redacted`].
    pub(super) fn failure(&self, method: &str) -> Failure {
        let rule = rule(self.code, method, &self.text.to_lowercase());
        let said = |text: &str| match text.trim() {
            "" => format!("{method}: VK {}", self.code),
            text => format!("{method}: VK {}: {}", self.code, shortened(text)),
        };
        let local = self.local.as_deref().unwrap_or(&self.text);
        Failure {
            class: rule.class,
            code: format!("vk.{}", self.code),
            message: Text::new(
                format!("{} ({})", rule.ru, said(local)),
                format!("{} ({})", rule.en, said(&self.text)),
            ),
            after: Duration::from_secs(rule.after),
        }
    }
}

/// Whether a chat in this state can be used no more; the codes are also those of
/// `can_write.reason`.
pub(super) fn ends_a_chat(code: i64) -> bool {
    matches!(code, 917 | 918) || rule(code, "", "").class == Class::ChatGone
}

/// The failure with `clean` applied to all that others may have written.
pub(super) fn redacted(mut failure: Failure, clean: impl Fn(&str) -> String) -> Failure {
    failure.message = Text::new(clean(&failure.message.ru), clean(&failure.message.en));
    failure
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).collect()
}

struct Rule {
    code: i64,
    when: When,
    class: Class,
    /// Seconds, for [`Class::RetryLater`].
    after: u64,
    ru: &'static str,
    en: &'static str,
}

/// What one code means may hang on the text or on the method.
enum When {
    Always,
    /// The text has this, in lower case.
    Says(&'static str),
    Method(&'static str),
}

fn rule(code: i64, method: &str, text: &str) -> &'static Rule {
    let fits = |rule: &&Rule| {
        rule.code == code
            && match rule.when {
                When::Always => true,
                When::Says(part) => text.contains(part),
                When::Method(name) => name == method,
            }
    };
    RULES.iter().find(fits).unwrap_or(&UNKNOWN)
}

const MINUTES_10: u64 = 600;
const HOUR: u64 = 3600;
const HOURS_6: u64 = 6 * HOUR;
const DAY: u64 = 24 * HOUR;

/// A code that is new to us may pass or not: asking once an hour does no harm.
static UNKNOWN: Rule = Rule {
    code: 0,
    when: When::Always,
    class: Class::RetryLater,
    after: HOUR,
    ru: "VK ответил ошибкой, которой эта версия не знает",
    en: "VK answered with an error that this version does not know",
};

const fn row(
    code: i64,
    when: When,
    class: Class,
    after: u64,
    ru: &'static str,
    en: &'static str,
) -> Rule {
    Rule { code, when, class, after, ru, en }
}

use Class::{ChatGone, Missing, Never, RetryLater, RetryNow, TokenDead};
use When::{Always, Method, Says};

const GROUP_AUTH: &str = "unavailable with group auth";
const TRY_AGAIN: &str = "try again";
const SET_ROLE: &str = "messages.setMemberRole";
const START_CALL: &str = "calls.start";

/// The first row that fits counts, so rows with a condition stand before the others of their code.
#[rustfmt::skip]
static RULES: &[Rule] = &[
    row(1, Always, RetryNow, 0, "неизвестная ошибка на стороне VK", "unknown error inside VK"),
    row(2, Always, RetryLater, HOUR, "приложение ключа отключено в VK", "the key's application is disabled in VK"),
    row(3, Always, Missing, 0, "VK не даёт этот метод", "VK does not offer this method"),
    row(4, Always, Never, 0, "VK не принял подпись запроса", "VK refused the request's signature"),
    row(5, Says(GROUP_AUTH), Missing, 0, "ключ сообщества не даёт этого делать", "a community key may not do this"),
    row(5, Always, TokenDead, 0, "VK не принимает ключ сообщества: он отозван, неверен или дан для другого адреса; нужен новый", "VK refuses the community key: revoked, wrong or bound to another address; a new one is needed"),
    row(6, Always, RetryNow, 0, "слишком много запросов в секунду", "too many requests a second"),
    row(7, Always, Missing, 0, "у ключа нет права на это действие", "the key lacks the right to do this"),
    row(8, Says(TRY_AGAIN), RetryNow, 0, "VK просит повторить запрос", "VK asks to repeat the request"),
    row(8, Always, Never, 0, "VK не понял запрос", "VK did not understand the request"),
    row(9, Always, RetryLater, MINUTES_10, "VK остановил однотипные действия (защита от флуда)", "VK stopped actions of one kind (flood control)"),
    row(10, Always, RetryNow, 0, "внутренняя ошибка сервера VK", "internal error of VK's server"),
    row(11, Always, RetryLater, HOUR, "приложение ключа в тестовом режиме", "the key's application is in test mode"),
    row(12, Always, Never, 0, "VK не смог разобрать пакет запросов", "VK could not compile a batch of requests"),
    row(13, Always, Never, 0, "VK не смог выполнить пакет запросов", "VK could not run a batch of requests"),
    row(14, Always, RetryLater, HOUR, "VK требует ввести код с картинки: это может только человек", "VK wants a captcha solved, which only a person can do"),
    row(15, Says(TRY_AGAIN), RetryNow, 0, "VK просит повторить запрос", "VK asks to repeat the request"),
    row(15, Says(GROUP_AUTH), Missing, 0, "ключ сообщества не даёт этого делать", "a community key may not do this"),
    row(15, Says("no access to call this method"), Missing, 0, "ключ сообщества не даёт этого делать", "a community key may not do this"),
    row(15, Says("group messages are disabled"), RetryLater, HOUR, "в сообществе выключены сообщения: включите их в настройках сообщества", "messages are disabled in the community: enable them in its settings"),
    row(15, Method(START_CALL), Missing, 0, "VK не даёт этому ключу начинать звонки", "VK does not let this key start calls"),
    row(15, Method(SET_ROLE), Missing, 0, "VK не даёт этому ключу назначать администраторов", "VK does not let this key appoint admins"),
    row(15, Always, Never, 0, "VK отказал в доступе", "VK denied access"),
    row(16, Always, Never, 0, "VK требует https", "VK requires https"),
    row(17, Always, RetryLater, HOUR, "VK требует подтвердить вход: это может только человек", "VK wants the login confirmed, which only a person can do"),
    row(18, Always, Never, 0, "страница человека удалена или заблокирована", "the person's page is deleted or banned"),
    row(20, Always, Missing, 0, "метод недоступен для приложений этого вида", "the method is closed to applications of this kind"),
    row(21, Always, Missing, 0, "метод недоступен для приложений этого вида", "the method is closed to applications of this kind"),
    row(23, Always, Missing, 0, "метод отключён", "the method is disabled"),
    row(24, Always, RetryLater, HOUR, "VK требует подтверждения от человека", "VK wants a person's confirmation"),
    row(25, Always, RetryLater, HOUR, "VK требует подтвердить ключ: это может только человек", "VK wants the key confirmed, which only a person can do"),
    row(27, Says(GROUP_AUTH), Missing, 0, "ключ сообщества не даёт этого делать", "a community key may not do this"),
    row(27, Always, TokenDead, 0, "VK не принимает ключ сообщества, нужен новый", "VK refuses the community key, a new one is needed"),
    row(28, Always, TokenDead, 0, "VK не принимает сервисный ключ, нужен ключ сообщества", "VK refuses the service key, a community key is needed"),
    row(29, Always, RetryLater, HOUR, "исчерпан лимит VK на этот метод", "VK's limit for this method is used up"),
    row(30, Always, Never, 0, "страница человека закрыта", "the person's profile is private"),
    row(32, Always, RetryNow, 0, "VK временно занят", "VK is busy for a moment"),
    row(33, Always, Never, 0, "VK не поддерживает это в такой версии API", "VK does not support this in this API version"),
    row(34, Always, Never, 0, "VK не принимает такую версию API", "VK refuses this API version"),
    row(35, Always, Never, 0, "VK не принимает такую версию API", "VK refuses this API version"),
    row(36, Always, RetryNow, 0, "VK не успел выполнить запрос", "VK ran out of time with the request"),
    row(37, Always, Never, 0, "пользователь заблокирован", "the user is banned"),
    row(38, Always, RetryLater, HOUR, "VK не знает приложения этого ключа", "VK does not know the key's application"),
    row(39, Always, Never, 0, "VK не знает такого пользователя", "VK does not know this user"),
    row(40, Always, RetryLater, HOUR, "VK не знает такого сообщества", "VK does not know this community"),
    row(41, Always, RetryLater, HOUR, "VK требует дополнительной регистрации", "VK wants an additional signup"),
    row(42, Always, RetryLater, HOUR, "ключ не действует с этого IP-адреса", "the key is not valid from this IP address"),
    row(43, Always, RetryNow, 0, "раздел VK временно недоступен", "this part of VK is off for a moment"),
    row(100, Always, Never, 0, "VK не принял параметр запроса", "VK refused a parameter of the request"),
    row(101, Always, Never, 0, "VK не знает такого приложения", "VK does not know this application"),
    row(103, Always, RetryLater, DAY, "превышен предел VK: участников в чате или действий за день", "a limit of VK is exceeded: members of a chat or actions a day"),
    row(104, Always, Never, 0, "VK не нашёл этого", "VK did not find this"),
    row(113, Always, Never, 0, "VK не знает такого пользователя", "VK does not know this user"),
    row(125, Always, Never, 0, "неверный номер сообщества", "invalid community number"),
    row(203, Always, Never, 0, "нет доступа к сообществу", "no access to the community"),
    row(260, Always, Never, 0, "нет доступа к списку сообществ", "no access to the list of communities"),
    row(601, Always, RetryLater, DAY, "слишком много действий за сегодня", "too many actions today"),
    row(900, Always, Never, 0, "человек в чёрном списке сообщества", "the person is on the community's blacklist"),
    row(901, Always, Never, 0, "человек не разрешил сообществу писать ему", "the person has not allowed the community to write"),
    row(902, Always, Never, 0, "настройки приватности человека запрещают писать ему", "the person's privacy settings forbid writing"),
    row(909, Always, Never, 0, "сообщение уже нельзя изменить", "the message can no longer be edited"),
    row(911, Always, Never, 0, "VK не принял клавиатуру сообщения", "VK refused the message's keyboard"),
    row(912, Always, RetryLater, HOUR, "в сообществе выключены «возможности ботов»: включите их в настройках сообщества", "bot abilities are disabled in the community: enable them in its settings"),
    row(913, Always, Never, 0, "слишком много пересланных сообщений", "too many forwarded messages"),
    row(914, Always, Never, 0, "сообщение слишком длинное", "the message is too long"),
    row(917, Always, RetryLater, HOUR, "у сообщества нет доступа к чату: проверьте, что оно в чате и администратор", "the community has no access to the chat: check that it is in it and an admin"),
    row(919, Always, Never, 0, "ссылку-приглашение чата не видно этому ключу", "this key may not see the chat's invite link"),
    row(920, Always, Never, 0, "сообщение такого вида нельзя изменить", "a message of this kind cannot be edited"),
    row(921, Always, Never, 0, "сообщения нельзя переслать", "the messages cannot be forwarded"),
    row(922, Always, ChatGone, 0, "сообщество вышло из этого чата", "the community has left this chat"),
    row(924, Always, Never, 0, "сообщение нельзя удалить у всех", "the message cannot be deleted for everybody"),
    row(925, Always, Never, 0, "сообщество не администратор этого чата", "the community is not an admin of this chat"),
    row(927, Always, ChatGone, 0, "такого чата нет", "there is no such chat"),
    row(931, Always, Never, 0, "ссылку-приглашение чата нельзя сменить этим ключом", "this key may not change the chat's invite link"),
    row(932, Always, Never, 0, "сообщество не может общаться с этим собеседником", "the community cannot interact with this peer"),
    row(935, Always, RetryLater, MINUTES_10, "человека нет в чате", "the person is not in the chat"),
    row(936, Always, Never, 0, "VK не знает такого собеседника", "VK does not know this contact"),
    row(939, Always, RetryLater, DAY, "человеку уже отправлено приглашение, он его ещё не принял", "the person has been invited already and has not accepted yet"),
    row(940, Always, Never, 0, "слишком много вложений в сообщении", "too many posts in the message"),
    row(942, Always, Never, 0, "это сообщение нельзя закрепить", "this message cannot be pinned"),
    row(943, Always, Never, 0, "VK не принял назначение сообщения", "VK refused the message's intent"),
    row(944, Always, Never, 0, "исчерпаны сообщения с таким назначением", "no messages with this intent are left"),
    row(945, Always, ChatGone, 0, "чат отключён", "the chat is disabled"),
    row(946, Always, ChatGone, 0, "чат такого вида не поддерживается", "a chat of this kind is not supported"),
    row(947, Always, Never, 0, "сообщество закрытое: сначала человек должен вступить в него", "the community is closed: the person must join it first"),
    row(949, Always, Never, 0, "сообщение уже нельзя изменить", "the message can no longer be edited"),
    row(950, Always, Never, 0, "время для ответа этому человеку вышло", "the time to answer this person is over"),
    row(962, Always, Never, 0, "писать могут только доны сообщества", "only the community's subscribers may write"),
    row(967, Always, Never, 0, "рабочий чат: человек не сотрудник организации", "a work chat: the person is not an employee"),
    row(969, Always, Never, 0, "сообщение нельзя переслать", "the message cannot be forwarded"),
    row(970, Always, Never, 0, "закреплять сообщения в этом чате нельзя", "messages cannot be pinned in this chat"),
    row(979, Always, Never, 0, "действие приложения запрещено", "the application's action is forbidden"),
    row(980, Always, Never, 0, "закреплять сообщения в этом чате нельзя", "messages cannot be pinned in this chat"),
    row(981, Always, Never, 0, "настройки приватности человека запрещают добавлять его: нужна ссылка-приглашение", "the person's privacy settings forbid adding: use the invite link"),
    row(982, Always, RetryLater, HOURS_6, "VK временно не даёт добавлять людей", "VK does not allow adding people for the time being"),
    row(983, Always, RetryLater, HOUR, "сообществу ограничили отправку в чат", "the community is restricted to write to the chat"),
    row(984, Always, RetryLater, HOURS_6, "на сообществе ограничение VK за спам", "VK has put a spam restriction on the community"),
    row(985, Always, Never, 0, "сообщество может слать только уведомления", "the community may only send notifications"),
    row(986, Always, Never, 0, "для этого нужна учебная роль в VK", "this needs an education role in VK"),
    row(987, Always, Never, 0, "запрос на переписку ещё не принят", "the message request has not been accepted yet"),
    row(988, Always, Never, 0, "запрос на переписку отклонён", "the message request was declined"),
    row(991, Always, Never, 0, "отложенное сообщение не принято", "a postponed message was refused"),
    row(992, Always, Never, 0, "отложенное сообщение не принято", "a postponed message was refused"),
    row(993, Always, ChatGone, 0, "чат перенесён в MAX", "the chat was moved to MAX"),
    row(994, Always, Never, 0, "пересылать сообщения из этого чата нельзя", "messages of this chat cannot be forwarded"),
    row(995, Always, RetryNow, 0, "мессенджер VK временно перегружен", "VK's messenger is degraded for a moment"),
    row(996, Always, Never, 0, "собеседнику уже отвечает другой администратор", "another admin is already answering"),
    row(1012, Always, ChatGone, 0, "писать в этот чат больше нельзя", "writing to this chat is disabled"),
    row(1014, Always, Never, 0, "это сообщение нельзя закрепить", "this message cannot be pinned"),
    row(1016, Always, Never, 0, "учебный аккаунт для этого не подходит", "an education account may not do this"),
    row(1017, Always, ChatGone, 0, "чат удалён", "the chat was deleted"),
    row(1018, Always, Never, 0, "это сообщение нельзя закрепить", "this message cannot be pinned"),
    row(1019, Always, Never, 0, "вступить нельзя: человек не из этой организации", "joining is impossible: not a member of the organization"),
    row(1021, Always, Never, 0, "с этим человеком нет переписки", "there is no conversation with this person"),
    row(3300, Always, RetryLater, HOUR, "VK требует проверки, что это не робот", "VK wants a proof that this is no robot"),
    row(3301, Always, RetryLater, HOUR, "VK требует подтвердить телефон", "VK wants the phone confirmed"),
    row(3609, Always, RetryLater, HOUR, "срок ключа вышел, его нужно продлить", "the key has expired and must be extended"),
    row(3610, Always, Never, 0, "страница человека отключена", "the person's page is deactivated"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_a_conditional_row_is_never_hidden() {
        for pair in RULES.windows(2) {
            assert!(pair[0].code <= pair[1].code, "{} after {}", pair[1].code, pair[0].code);
            let hidden = pair[0].code == pair[1].code && matches!(pair[0].when, When::Always);
            assert!(!hidden, "a row of {} can never be reached", pair[1].code);
        }
    }

    #[test]
    fn waiting_time_stands_exactly_where_it_has_a_meaning() {
        for rule in RULES {
            assert_eq!(rule.after > 0, rule.class == Class::RetryLater, "{}", rule.code);
        }
    }
}
