-- Профиль my_profile: какие чаты есть у школы, кто в них и кто их ведёт.
--
-- Скрипт ничего не делает сам: он отвечает на вопросы о школе, классе или журнале, а библиотека
-- по ответам создаёт чаты и ведёт состав. Имён и телефонов он не видит, только sourcedId.
--
--   zvonok check my_profile.lua --roster ВЫГРУЗКА            ошибки с номером строки
--   zvonok plan --profile my_profile.lua --roster ВЫГРУЗКА   что изменится, чат за чатом
--   zvonok profile test my_profile.lua                       примеры из папки my_profile.cases

-- Общее для всех профилей: обычные чаты и обычные правила. Полный список - в zvonok.d.luau.
local shared = zvonok.shared

-- Люди берутся множествами. Их складывают (+), вычитают (-), пересекают (*), отбирают
-- (:where) и объясняют (:because): слово попадёт в отчёт рядом с каждым человеком.
--   school.staff                     действующие сотрудники школы
--   school:people("teacher")         те, у кого есть такая действующая роль
--   school:holding { title = "…" }   сотрудники, у которых так сказано в metadata роли
--   class.students, class.teachers   ученики и учителя класса
--   class:guardians()                законные представители учеников
--   class:enrolled("teacher", { primary = true })   классные руководители
local class_teachers = shared.leads "классный руководитель"

local function heads(school)
  return school:people("principal", "siteAdministrator"):because("администрация")
end

return zvonok.profile {
  name = "my_profile",
  title = "my_profile",
  version = 1, -- увеличивайте, когда меняете правила: номер виден в отчётах
  like = "oneroster", -- с каким встроенным профилем сравнивает zvonok plan

  -- Настройки: школа меняет их в своём файле настроек, не трогая скрипт.
  settings = {
    teachers_title = { default = "Учительская", help = "Название чата сотрудников" },
    class_title = { default = "<class> - Чат учеников", help = "Название чата класса" },
    parents_title = { default = "<class> - Родительский чат", help = "Название чата родителей" },
    subject_title = { default = "<homeroom>/<subject>", help = "Название чата предмета" },
  },

  chats = {
    -- per говорит, чей это чат: "school" - школы, "homeroom" - класса, "class" - журнала.
    teachers = shared.teachers_chat {
      members = function(school) return school.staff end,
      admins = heads, -- администраторы всегда состоят в чате
    },
    -- leads - те, кто ведёт чат: они в нём состоят и его администрируют.
    class = shared.class_chat { leads = class_teachers },
    parents = shared.parents_chat { leads = class_teachers },
    -- when: пока вернёт false, чата нет, а созданный уходит в архив.
    -- create_when: так же, но созданный чат остаётся.
    subject = shared.subject_chat {
      when = function(journal) return journal.homeroom ~= nil end,
    },
  },

  -- Какие чаты люди могут создать сами через экраны системы.
  custom = { custom = { type = "CUSTOM", title = "<organisation_short>" } },

  -- Что становится с правками людей: "forbidden" - запрещены, "kept" - остаются,
  -- "reverted" - отменяются следующим обменом.
  overrides = "kept",

  -- Кому что можно. Не сказано - нельзя; причину отказа человек увидит на экране.
  requests = shared.requests {
    administrator = function(actor) return actor:is("principal", "siteAdministrator") end,
    ["chats.create"] = shared.administrator_only,
    ["chats.rename"] = shared.chat_admins, ["chats.delete"] = shared.administrator_only,
    ["members.*"] = shared.chat_admins, ["admins.*"] = shared.chat_admins,
    ["calls.*"] = shared.chat_admins,
  },
}
