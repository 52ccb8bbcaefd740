-- ЭПОС.СПО (колледжи Пермского края): обязательные чаты преподавателей, групп и родителей;
-- свободные чаты и чаты дисциплин создают люди.

local shared = zvonok.shared

-- Кураторы группы - учителя с primary; их может быть несколько.
local curators = shared.leads "куратор"

-- Пока куратор не назначен, чатов у группы нет.
local function has_curator(group) return #curators(group) > 0 end

local function is_administrator(actor) return actor:is("siteAdministrator") end

-- Свободный чат с кем угодно создаёт администратор организации; чат дисциплины - ещё и
-- преподаватель, у которого есть хотя бы одна группа по этой дисциплине, но не со всем колледжем.
local function create(actor, target, administrator)
  if administrator then return true end
  if target.kind ~= "subject" then
    return false, "свободный чат создаёт только администратор организации"
  end
  if not actor:teaches_subject(target.subject) then
    return false, "чат дисциплины создаёт администратор или преподаватель с группой по этой дисциплине"
  end
  local others = target.others - actor:students(target.subject)
  if target.school then others = others - target.school.staff end
  return #others == 0,
    "преподаватель включает в чат дисциплины сотрудников и студентов, которые у него учатся"
end

-- Обязательные чаты людям не подвластны, остальные меняют администраторы.
local function change(actor, target, administrator)
  if target.locked then return false, "обязательный чат нельзя ни менять, ни удалить" end
  return shared.chat_admins(actor, target, administrator)
end

local function rename(actor, target, administrator)
  if target.kind == "subject" then return false, "чат дисциплины не переименовывают" end
  return change(actor, target, administrator)
end

return zvonok.profile {
  name = "epos_spo",
  title = "ЭПОС.СПО",
  version = 1,

  settings = {
    teachers_title = { default = "Преподаватели", help = "Название чата сотрудников" },
    class_title = { default = "<group> - Группа", help = "Название чата группы" },
    parents_title = { default = "<group> - Родители", help = "Название чата родителей" },
  },

  chats = {
    teachers = shared.teachers_chat {
      locked = true,
      members = function(school) return school.staff end,
      admins = function(school) return school:people("siteAdministrator") end,
    },
    class = shared.class_chat { leads = curators, create_when = has_curator, locked = true },
    parents = shared.parents_chat { leads = curators, create_when = has_curator, locked = true },
  },

  -- Что создают люди. Если администраторы не отмечены, администратор - тот, кто создал чат.
  custom = {
    custom = { type = "FREE", title = "<organisation_short>" },
    subject = { type = "SUBJECT", per = "subject", title = "<subject>", rename = false },
  },

  overrides = "forbidden",
  rollover = shared.rollover,

  -- Опубликованный звонок доступен сразу, в чате он один; звонки прошедших дней завершаются в
  -- полночь. В чате дисциплины дата и занятие берутся из расписания.
  calls = { starts = "publication", from_timetable = { "subject" }, title = "Онлайн-занятие <subject>" },

  requests = shared.requests {
    administrator = is_administrator,
    ["chats.create"] = create,
    ["chats.rename"] = rename, ["chats.delete"] = change,
    ["members.*"] = change, ["admins.*"] = change,
    -- Звонок можно создать и в обязательном чате.
    ["calls.*"] = shared.chat_admins,
  },
}
