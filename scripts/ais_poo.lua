-- АИС ПОО (профессиональные колледжи): учительская, группы, родители и предметы групп.

local shared = zvonok.shared

-- Кураторы группы - учителя с primary; их может быть несколько.
local curators = shared.leads "куратор"

-- Роли в самой АИС; они считаются только у действующих сотрудников.
local is_teacher = zvonok.host_role("Преподаватель-предметник")
local is_head = zvonok.host_role("Администратор ПОО")

local function is_administrator(actor)
  return actor:has_right("Управление чатами") or actor:has_access("Администратор ПОО")
end

-- «Группу» и «Родителей» своей группы куратор создаёт из её же людей.
local function create_for_group(actor, target)
  if not actor:curates(target.class) then
    return false, "чаты «Группа» и «Родители» создаёт куратор этой группы"
  end
  local others = target.others - curators(target.class)
  if target.kind == "class" then
    return #(others - target.class.students) == 0,
      "в «Группу» куратор включает только студентов своей группы и её кураторов"
  end
  return #(others - target.class:guardians()) == 0,
    "в «Родителей» куратор включает только родителей студентов своей группы и её кураторов"
end

-- Администратор создаёт любой чат; куратор - «Группу» и «Родителей» своих групп;
-- преподаватель - «Предмет» с теми, кто изучает у него этот предмет.
local function create(actor, target, administrator)
  if administrator then return true end
  if target.kind == "class" or target.kind == "parents" then
    return create_for_group(actor, target)
  end
  if target.kind ~= "subject" then
    return false, "такой чат создаёт только сотрудник с правом «Управление чатами»"
  end
  if not actor:teaches_subject(target.subject, target.class) then
    return false, "чат «Предмет» создаёт преподаватель этого предмета"
  end
  return #(target.others - actor:students(target.subject)) == 0,
    "в свой «Предмет» преподаватель включает только студентов, которые у него учатся"
end

-- Чужой чат удаляет администратор, свой - тот, кто его создал.
local function delete(actor, target, administrator)
  return administrator or target.maker == actor.id,
    "чат удаляет тот, кто его создал, или сотрудник с правом «Управление чатами»"
end

-- Дистанционное занятие создаёт преподаватель своего предмета, пока его время не прошло.
local function lesson(actor, target, administrator)
  if target.call and target.call.over then return false, "время этого занятия уже прошло" end
  return administrator or actor:teaches_subject(target.subject, target.class),
    "дистанционное занятие ведёт преподаватель этого предмета"
end

local function own_lesson(actor, target, administrator)
  return administrator or actor:teaches_subject(target.subject, target.class),
    "занятие закрывает и удаляет преподаватель этого предмета"
end

return zvonok.profile {
  name = "ais_poo",
  title = "АИС ПОО",
  version = 1,

  settings = {
    teachers_title = { default = "Учительская", help = "Название чата преподавателей" },
    class_title = { default = "<group> - Группа", help = "Название чата группы" },
    parents_title = { default = "<group> - Родители", help = "Название чата родителей" },
    subject_title = { default = "<group>/<subject>", help = "Название чата предмета" },
  },

  chats = {
    teachers = shared.teachers_chat {
      members = function(school)
        return school.staff:where(is_teacher):because("преподаватель-предметник")
      end,
      admins = function(school)
        return school.staff:where(is_head):because("администратор ПОО")
      end,
    },
    class = shared.class_chat { leads = curators },
    parents = shared.parents_chat { leads = curators },
    -- Предметы групп; предмет без группы чата не имеет.
    subject = shared.subject_chat {
      when = function(journal) return journal.homeroom ~= nil end,
    },
  },

  custom = {
    custom = { type = "CUSTOM", title = "<organisation_short>" },
    class = { type = "CLASS", per = "homeroom", title = "<group> - Группа" },
    parents = { type = "PARENTS", per = "homeroom", title = "<group> - Родители" },
    subject = { type = "SUBJECT", per = "class", title = "<group>/<subject>" },
  },

  -- Кого добавили, убрали или сделали администратором, так и остаётся.
  overrides = "kept",
  rollover = shared.rollover,

  -- Дистанционное занятие начинается в своё время, а с концом занятия кончается и звонок.
  calls = { starts = "time", finish_after = 0, title = "Дистанционное занятие: <subject>" },

  requests = shared.requests {
    administrator = is_administrator,
    ["chats.create"] = create,
    ["chats.rename"] = shared.administrator_only, ["chats.delete"] = delete,
    ["members.*"] = shared.chat_admins, ["admins.*"] = shared.chat_admins,
    ["calls.create"] = lesson, ["calls.update"] = lesson, ["calls.publish"] = lesson,
    ["calls.start"] = lesson, ["calls.finish"] = own_lesson, ["calls.delete"] = own_lesson,
  },
}
