-- Общее для всех профилей; встроенные и свои скрипты видят это как zvonok.shared:
--   local shared = zvonok.shared
local shared = {}

-- Правило чата: всё, что написано в about, важнее того, что принято.
local function rule(usual, about)
  for key, value in pairs(about) do
    if key ~= "leads" then usual[key] = value end
  end
  return usual
end

-- Кто ведёт чат: функция из about.leads.
local function leads_of(name, about)
  if type(about.leads) ~= "function" then error(name .. ": нужна функция leads", 3) end
  return about.leads
end

-- Название по шаблону из настройки: title = shared.titled "class_title".
function shared.titled(setting)
  return function(object, set) return zvonok.fill(set[setting], object) end
end

-- Учителя, отмеченные в классе как primary (их может быть несколько), с причиной для отчёта:
--   local curators = shared.leads "куратор"
function shared.leads(word)
  return function(class)
    return class:enrolled("teacher", { primary = true }):because(word)
  end
end

-- Один чат на школу; members и admins у каждой системы свои.
function shared.teachers_chat(about)
  return rule({ per = "school", type = "TEACHER", title = shared.titled "teachers_title" }, about)
end

-- Чат класса (группы): ученики и те, кто класс ведёт; они же администраторы.
--   class = shared.class_chat { leads = curators, locked = true }
function shared.class_chat(about)
  local leads = leads_of("class_chat", about)
  return rule({
    per = "homeroom", type = "CLASS", title = shared.titled "class_title",
    members = function(class) return class.students + leads(class) end,
    admins = leads,
  }, about)
end

-- Чат родителей: законные представители учеников и те, кто класс ведёт; они же администраторы.
function shared.parents_chat(about)
  local leads = leads_of("parents_chat", about)
  return rule({
    per = "homeroom", type = "PARENTS", title = shared.titled "parents_title",
    members = function(class) return class:guardians() + leads(class) end,
    admins = leads,
  }, about)
end

-- Чат предмета: те, кто его изучает, и его учителя; они же администраторы.
function shared.subject_chat(about)
  return rule({
    per = "class", type = "SUBJECT", title = shared.titled "subject_title",
    members = function(journal) return journal.students + journal.teachers end,
    admins = function(journal) return journal.teachers:because("учитель предмета") end,
  }, about)
end

-- Новый учебный год. Класс, который остался под своим sourcedId, и так остаётся при своих чатах.
-- Тот, что пришёл под другим, продолжает чаты прежнего класса, если metadata.lineage у них одна.
shared.rollover = { lineage = "lineage", graduated = "archive" }

-- Что люди могут просить через экраны системы. Общее для всех систем:

-- Свою учётную запись человек привязывает и отвязывает сам, чужую - администратор.
local function accounts(actor, target, administrator)
  return administrator or target.person == actor.id,
    "чужую учётную запись привязывает и отвязывает только администратор"
end

-- Список чатов и состав видят сотрудники; администратор чата видит свой чат.
local function look(actor, target, administrator)
  return administrator or actor.staff or actor:administers(target),
    "список чатов видят только сотрудники"
end

-- Всё, что касается работы библиотеки в целом.
local function run(_, _, administrator)
  return administrator, "это может только администратор"
end

-- Войти по ссылке на звонок может попросить каждый; пустят ли, решает сам звонок.
local function everybody() return true end

local common = {
  ["accounts.*"] = accounts,
  ["chats.list"] = look, ["chats.get"] = look, ["calls.list"] = look,
  ["calls.join"] = everybody,
  ["chats.sync"] = run, ["tasks.*"] = run, ["plan"] = run, ["guard.approve"] = run,
  ["explain"] = run, ["audit"] = run, ["diagnostics"] = run,
}

-- Правило для метода: под его именем, под именем «группа.*», сначала своё, потом общее.
local function find(own, request)
  local group = request.group .. ".*"
  return own[request.method] or common[request.method] or own[group] or common[group]
end

-- Правило requests из таблицы «метод = функция(actor, target, administrator)», которая отвечает,
-- можно ли, и почему нельзя. administrator - функция, которая узнаёт администратора системы:
--   requests = shared.requests { administrator = is_administrator, ["chats.create"] = create }
function shared.requests(own)
  return function(actor, request, target)
    local decide = find(own, request)
    if not decide then return false, "в этой системе так не делают" end
    return decide(actor, target, own.administrator(actor))
  end
end

-- Готовые ответы для таблицы.

-- Никому: shared.nobody "состав ведёт только система".
function shared.nobody(reason)
  return function() return false, reason end
end

-- Администратору системы.
shared.administrator_only = run

-- Администратору системы и администраторам этого чата.
function shared.chat_admins(actor, target, administrator)
  return administrator or actor:administers(target),
    "это может только администратор чата или администратор организации"
end

return shared
