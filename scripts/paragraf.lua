-- Параграф (школы Санкт-Петербурга): учительская, по два чата на класс и предметные чаты.

-- Классный руководитель берётся только из карточки класса; человек без действующей
-- роли сотрудника не считается, о нём будет предупреждение.
local function class_teacher(class)
  return class:named("classTeacherSourcedId"):because("классный руководитель")
end

-- Кому «Параграф» сам дал права на школу.
local has_access = zvonok.host_role("Администратор", "Руководитель")

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
    teachers = {
      per = "school", type = "TEACHER", locked = true,
      title = function(school, set) return zvonok.fill(set.teachers_title, school) end,
      members = function(school)
        return school:people("teacher"):because("педагогический работник")
      end,
      -- Права есть у директора, у исполняющего обязанности и у тех, кому их дал «Параграф».
      -- Все они должны быть действующими сотрудниками этой школы.
      admins = function(school)
        local directors = school:holding { positionLevel = "Руководитель 1 уровня" }
        return directors:because("руководитель 1 уровня")
          + school.staff:where("metadata.actingHead"):because("ИО руководителя")
          + school.staff:where(has_access):because("роль доступа в «Параграфе»")
      end,
    },

    class = {
      per = "homeroom", type = "CLASS", locked = true,
      title = function(class, set) return zvonok.fill(set.class_title, class) end,
      members = function(class) return class.students + class_teacher(class) end,
      admins = class_teacher,
    },

    parents = {
      per = "homeroom", type = "PARENTS", locked = true,
      title = function(class, set) return zvonok.fill(set.parents_title, class) end,
      members = function(class) return class:guardians() + class_teacher(class) end,
      admins = class_teacher,
    },

    -- Предметный чат бывает у журналов общего образования с включённым «чатом по предмету»
    -- и создаётся, когда опубликован или проведён первый онлайн-урок.
    subject = {
      per = "class", type = "SUBJECT", locked = true,
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
      members = function(journal) return journal.students + journal.teachers end,
      admins = function(journal) return journal.teachers:because("учитель предмета") end,
    },
  },

  -- Состав ведёт только «Параграф»: руками никого не добавить и не убрать.
  overrides = "forbidden",
}
