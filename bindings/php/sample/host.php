<?php

/**
 * A host in PHP: one cycle, then what its screens would show.
 *
 *     php host.php LIBRARY ROSTER KIND ADDRESS TOKEN [COMMUNITY]
 */

declare(strict_types=1);

use Zvonok\Error;
use Zvonok\Library;
use Zvonok\LogLevel;
use Zvonok\Session;

// What Composer does where there is one.
spl_autoload_register(function (string $class): void {
    require __DIR__ . '/../src/' . substr($class, strlen('Zvonok\\')) . '.php';
});

function onLog(int $level, string $text): void
{
    if ($level <= LogLevel::WARNING) {
        echo "log: $text\n";
    }
}

/** A host with a window moves its progress bar here; true would cancel. */
function onProgress(int $phase, int $done, int $total): bool
{
    return false;
}

function ask(Session $session, string $method, array $params): array
{
    $request = ['method' => $method, 'actor' => 'system', 'params' => $params];
    return $session->request($request)->document()['result'];
}

function registry(Session $session): void
{
    echo "\nChats\n";
    foreach (ask($session, 'chats.list', ['per_page' => 100, 'sort' => 'title'])['chats'] as $chat) {
        ['linked' => $linked, 'desired' => $desired] = $chat['members'];
        $link = $chat['link'] ?? 'no link yet';
        echo "  {$chat['title']}: {$chat['state']}, $linked of $desired linked, $link\n";
    }
}

function toDo(Session $session): void
{
    echo "\nFor people to do\n";
    foreach (ask($session, 'tasks.list', ['per_page' => 2])['tasks'] as $task) {
        echo "  {$task['title']} {$task['code']}\n";
        foreach ($task['steps']['ru'] as $place => $step) {
            echo '    ', $place + 1, ". $step\n";
        }
    }
}

function oneChat(Session $session, string $key): void
{
    $chat = ask($session, 'chats.get', ['chat' => $key]);
    echo "\n{$chat['title']}\n";
    foreach ($chat['members'] as $member) {
        echo "  {$member['person']} {$member['role']}: {$member['state']}\n";
    }
}

function refusals(Library $zvonok, Session $session, array $config): void
{
    echo "\nWhat is refused\n";
    try {
        ask($session, 'chats.get', ['chat' => 'class:none']);
    } catch (Error $error) {
        echo "  $error->name: $error->ru\n";
    }
    try {
        $zvonok->open(['grase' => '1d'] + $config);
    } catch (Error $error) {
        echo "  $error->name:\n";
        foreach ($error->faults as $fault) {
            echo "    {$fault['at']}: {$fault['message']['ru']}\n";
        }
    }
}

[, $library, $roster, $kind, $address, $token] = $argv;
$zvonok = new Library($library);
echo $zvonok->version(), "\n";
$platform = ['kind' => $kind, 'base_url' => $address, 'token' => $token];
if (isset($argv[6])) {
    $platform['community'] = $argv[6];
}
$config = ['state' => "$roster.db", 'profile' => 'paragraf', 'platform' => $platform];
$session = $zvonok->open($config, 'onLog', 'onProgress');
$report = $session->syncPath($roster)->document();
printf("%s: %d chats, %d tasks\n", $report['status'], count($report['chats']), count($report['tasks']));
registry($session);
toDo($session);
oneChat($session, $report['chats'][0]['key']);
refusals($zvonok, $session, $config);
$session->close();
