-- АйТи Школа (Пензенская область): учительский чат и по два чата на класс.

local shared = zvonok.shared

-- Классные руководители - учителя с primary; их может быть несколько.
local class_teachers = shared.leads "классный руководитель"

return zvonok.profile {
  name = "it_school",
  title = "АйТи Школа",
  version = 1,

  settings = {
    teachers_title = { default = "Учительский чат", help = "Название чата учителей" },
    class_title = { default = "<class> - Чат класса", help = "Название чата класса" },
    parents_title = { default = "<class> - Родительский чат", help = "Название чата родителей" },
  },

  chats = {
    teachers = shared.teachers_chat {
      members = function(school) return school:people("teacher") end,
      admins = function(school) return school:people("siteAdministrator") end,
    },
    class = shared.class_chat { leads = class_teachers },
    parents = shared.parents_chat { leads = class_teachers },
  },

  -- Название, которое чату дали в системе, остаётся.
  overrides = "kept",

  rollover = shared.rollover,

  -- Реестр чатов ведёт администратор школы.
  requests = shared.requests {
    administrator = function(actor) return actor:is("siteAdministrator") end,
    ["chats.rename"] = shared.administrator_only,
    ["members.*"] = shared.administrator_only, ["admins.*"] = shared.administrator_only,
    ["calls.*"] = shared.chat_admins,
  },
}
