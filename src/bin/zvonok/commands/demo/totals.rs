//! Where everything stands at the end, from the library and from the messenger itself, and whether
//! the two agree.

use serde_json::{Value, json};
use zvonok::error::Code;

use super::messenger::Places;
use super::office::SECRETARY;
use super::stage::{Stage, expect};
use crate::show::{self, number, rows, text};
use crate::trouble::{Outcome, Trouble};
use crate::words::grouped;

/// Shows the numbers and checks them against the messenger.
pub(super) fn show(stage: &mut Stage) -> Outcome {
    stage.heading("Итог", "In the end")?;
    let table = numbers(stage)?;
    let heads = stage.terminal.pick(["Что", "Сколько"], ["What", "How many"]);
    stage.show(|terminal| terminal.say(show::table(terminal, &heads, table)))?;
    let due = due(stage)?;
    let (members, admins) = present(stage)?;
    agree(&members, &due.members, "members")?;
    agree(&admins, &due.admins, "admins")?;
    let (members, admins) = (grouped(members.len() as u64), grouped(admins.len() as u64));
    stage.confirm(
        format!(
            "в группах MAX ровно те люди из данных школы, кто вошёл: {members}; права ровно у тех, \
             кому положено: {admins} (не считая секретаря, создавшего группы)"
        ),
        format!(
            "in the groups of MAX are exactly the school's people who came: {members}; exactly \
             those who should have rights have them: {admins} (without the secretary, who made them)"
        ),
    )?;
    stage.tell(
        "Дальше: zvonok check --help, zvonok plan --help, zvonok sync --help; прежний путь, VK: \
         zvonok demo --platform vk",
        "Next: zvonok check --help, zvonok plan --help, zvonok sync --help; the other way, VK: \
         zvonok demo --platform vk",
    )?;
    Ok(Code::Ok)
}

fn numbers(stage: &mut Stage) -> Result<Vec<Vec<String>>, Trouble> {
    let registry = stage.registry()?;
    let sum = |part: &str, key: &str| -> u64 {
        registry.iter().map(|chat| number(&chat[part], key)).sum()
    };
    let tasks = tasks(stage)?;
    let open = tasks.iter().filter(|task| task["closed"].is_null()).count() as u64;
    let (requests, changing) = stage.messenger.requests()?;
    let active = registry.iter().filter(|chat| chat["state"] == "active").count() as u64;
    let rows: [(&str, &str, Vec<u64>); 6] = [
        ("Чаты", "Chats", vec![active]),
        (
            "Места: должно быть / привязали / приглашены / вошли",
            "Places: should be / linked / invited / joined",
            ["desired", "linked", "invited", "joined"].map(|key| sum("members", key)).to_vec(),
        ),
        (
            "Администраторы: должно быть / права выданы",
            "Admins: should be / have their rights",
            ["desired", "granted"].map(|key| sum("admins", key)).to_vec(),
        ),
        ("Посторонние в чатах", "Strangers in chats", vec![sum("members", "strangers")]),
        (
            "Задачи человеку: открыты / закрыты",
            "Tasks for a person: open / closed",
            vec![open, tasks.len() as u64 - open],
        ),
        (
            "Запросы к MAX за всё время / из них изменяющие",
            "Requests to MAX in all / those that change something",
            vec![requests, changing],
        ),
    ];
    let row = |(ru, en, numbers): (&str, &str, Vec<u64>)| {
        let numbers: Vec<String> = numbers.into_iter().map(grouped).collect();
        vec![stage.terminal.pick(ru, en).to_owned(), numbers.join(" / ")]
    };
    Ok(rows.into_iter().map(row).collect())
}

fn tasks(stage: &mut Stage) -> Result<Vec<Value>, Trouble> {
    let (_, listed) = stage.request("tasks.list", json!({"state": "all", "per_page": 1000}))?;
    Ok(rows(&listed, "tasks").to_vec())
}

/// Who should be where.
#[derive(Default)]
struct Due {
    members: Places,
    admins: Places,
}

/// By the school's data, as far as they came by themselves.
fn due(stage: &mut Stage) -> Result<Due, Trouble> {
    let mut due = Due::default();
    for row in stage.registry()? {
        let Ok(group) = text(&row, "platform_id").parse::<i64>() else { continue };
        let chat = stage.chat(text(&row, "key"))?;
        for member in rows(&chat, "members") {
            let Ok(account) = text(member, "account").parse::<i64>() else { continue };
            if !stage.crowd.came().contains(&(group, account)) {
                continue;
            }
            due.members.insert((group, account));
            if member["admin"] == true {
                due.admins.insert((group, account));
            }
        }
    }
    Ok(due)
}

/// Who is in the messenger's groups, and who has rights there.
fn present(stage: &Stage) -> Result<(Places, Places), Trouble> {
    let of_the_school =
        |places: Places| places.into_iter().filter(|(_, one)| *one != SECRETARY).collect();
    let (_, members) = stage.messenger.places()?;
    Ok((of_the_school(members), of_the_school(stage.messenger.admins()?)))
}

fn agree(present: &Places, due: &Places, who: &str) -> Result<(), Trouble> {
    let (extra, missing): (Vec<_>, Vec<_>) =
        (present.difference(due).collect(), due.difference(present).collect());
    expect(
        extra.is_empty() && missing.is_empty(),
        &format!(
            "the messenger's {who} are not those that should be: too many {extra:?}, missing {missing:?}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{Places, agree};

    #[test]
    fn somebody_too_many_or_missing_ends_the_demonstration() {
        let due = Places::from([(-1, 5), (-2, 6)]);
        assert!(agree(&due, &due, "members").is_ok());
        for present in [[(-1, 5), (-2, 7)].as_slice(), &[(-1, 5)], &[(-1, 5), (-2, 6), (-2, 5)]] {
            let present: Places = present.iter().copied().collect();
            assert!(agree(&present, &due, "members").is_err(), "{present:?}");
        }
    }
}
