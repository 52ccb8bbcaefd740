-- Параграф (школы Санкт-Петербурга): учительская, по два чата на класс и предметные чаты.

local shared = zvonok.shared

-- Классный руководитель берётся только из карточки класса; человек без действующей
-- роли сотрудника не считается, о нём будет предупреждение.
local function class_teacher(class)
  return class:named("classTeacherSourcedId"):because("классный руководитель")
end

-- Кому «Параграф» сам дал права на школу.
local has_access = zvonok.host_role("Администратор", "Руководитель")

-- Права есть у директора, у исполняющего обязанности и у тех, кому их дал «Параграф».
-- Все они должны быть действующими сотрудниками этой школы.
local function heads(school)
  local directors = school:holding { positionLevel = "Руководитель 1 уровня" }
  return directors:because("руководитель 1 уровня")
    + school.staff:where("metadata.actingHead"):because("ИО руководителя")
    + school.staff:where(has_access):because("роль доступа в «Параграфе»")
end

local by_hand = shared.nobody("состав, названия и права в чатах ведёт только «Параграф»")

return zvonok.profile {
  name = "paragraf",
  title = "Параграф",
  version = 1,

  settings = {
    teachers_title = { default = "Учительская", help = "Название чата учителей" },
    class_title = { default = "<class> - Чат учеников", help = "Название чата учеников" },
    parents_title = { default = "<class> - Родительский чат", help = "Название чата родителей" },
    subject_title = {
      default = "<class>/<subject>",
      help = "Название предметного чата; <class> здесь - класс, для которого ведётся журнал",
    },
  },

  chats = {
    teachers = shared.teachers_chat {
      locked = true,
      members = function(school)
        return school:people("teacher"):because("педагогический работник")
      end,
      admins = heads,
    },
    class = shared.class_chat { leads = class_teacher, locked = true },
    parents = shared.parents_chat { leads = class_teacher, locked = true },

    -- Предметный чат бывает у журналов общего образования с включённым «чатом по предмету»
    -- и создаётся, когда опубликован или проведён первый онлайн-урок.
    subject = shared.subject_chat {
      locked = true,
      title = function(journal, set)
        local class = journal.homeroom or journal
        return zvonok.fill(set.subject_title, journal, { class = class.title })
      end,
      when = function(journal)
        return journal:matches { subjectChat = true, generalEducation = true }
      end,
      create_when = function(journal)
        return journal:has_lesson { online = true, state = { "published", "conducted" } }
      end,
    },
  },

  -- Онлайн-уроки журналов с предметным чатом. Звонок ближайшего опубликованного урока на сегодня
  -- или завтра начинается сам, но не позже 20 минут от начала урока, и кончается через 20 минут
  -- после его конца; и то и другое - только при заполненном шаблоне расписания.
  calls = {
    lessons = "subject",
    starts = "ahead", start_within = 20, finish_after = 20,
    needs_timetable = true, nightly = false,
  },

  -- Состав ведёт только «Параграф»: руками никого не добавить и не убрать.
  overrides = "forbidden",
  rollover = shared.rollover,

  requests = shared.requests {
    administrator = function(actor) return actor:among(heads) end,
    ["chats.create"] = by_hand, ["chats.rename"] = by_hand, ["chats.delete"] = by_hand,
    ["members.*"] = by_hand, ["admins.*"] = by_hand,
    -- Звонок начинают и заканчивают администраторы чата, в предметном - учитель предмета.
    ["calls.*"] = shared.chat_admins,
  },
}
