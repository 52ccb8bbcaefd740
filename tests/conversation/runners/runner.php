<?php

/** Replays a conversation through the PHP binding: LIBRARY STEPS, an answer a line. */

declare(strict_types=1);

use Zvonok\Error;
use Zvonok\Library;
use Zvonok\Reply;
use Zvonok\Session;

spl_autoload_register(function (string $class): void {
    require getenv('ZVONOK_PHP') . '/src/' . substr($class, strlen('Zvonok\\')) . '.php';
});

/** The host's own. */
final class Trouble extends Exception
{
}

final class Runner
{
    private Library $zvonok;
    /** @var Session[] */
    private array $sessions = [];
    private array $log = [];
    private array $phases = [];
    private array $during = [];

    public function __construct(string $library)
    {
        $this->zvonok = new Library($library);
    }

    public function play(stdClass $step): void
    {
        [$this->log, $this->phases] = [[], []];
        $this->during = $step->during ?? [];
        $told = $this->answer($step);
        $told += ['log' => $this->log, 'phases' => $this->phases];
        $this->say($told);
    }

    private function say(array $told): void
    {
        echo Library::encoded($told), "\n";
    }

    private function onLog(int $level, string $text): void
    {
        $this->log[] = [$level, $text];
    }

    private function onProgress(int $phase, int $done, int $total): bool
    {
        if ($done > $total) {
            throw new LogicException('more done than there is');
        }
        if (!in_array($phase, $this->phases, true)) {
            $this->phases[] = $phase;
            gc_collect_cycles();
        }
        $now = array_filter($this->during, fn ($step) => $step->phase === $phase);
        $this->during = array_filter($this->during, fn ($step) => $step->phase !== $phase);
        foreach ($now as $step) {
            if ($step->do === 'throw') {
                throw new Trouble($step->text);
            }
            if ($step->do === 'stop') {
                return true;
            }
            $this->say($this->answer($step));
        }
        return false;
    }

    private function answer(stdClass $step): array
    {
        $told = ['step' => $step->name];
        try {
            return $told + $this->perform($step);
        } catch (Error $error) {
            $told += ['code' => $error->getCode(), 'reply' => $error->reply->object()];
            $told['error'] = [
                'name' => $error->name,
                'ru' => $error->ru,
                'en' => $error->en,
                'faults' => $error->faults,
                'retryable' => $error->retryable,
            ];
            return $told;
        } catch (Trouble $trouble) {
            return $told + ['thrown' => $trouble->getMessage()];
        }
    }

    private function perform(stdClass $step): array
    {
        $session = $this->sessions[$step->on ?? ''] ?? null;
        switch ($step->do) {
            case 'about':
                return ['abi' => $this->zvonok->abiVersion(), 'version' => $this->zvonok->version()];
            case 'describe':
                return ['text' => $this->zvonok->describe($step->code)];
            case 'cancel':
                $session->cancel();
                return ['code' => 0];
            case 'close':
                $session->close();
                return ['code' => 0];
        }
        $reply = $this->reply($step, $session);
        return ['code' => $reply->code, 'reply' => $reply->object()];
    }

    private function reply(stdClass $step, ?Session $session): Reply
    {
        $callbacks = [$this->onLog(...), $this->onProgress(...)];
        return match ($step->do) {
            'open' => $this->kept($step, $this->zvonok->open($step->json, ...$callbacks)),
            'run_task' => $this->kept(
                $step,
                $this->zvonok->runTask(file_get_contents($step->file), ...$callbacks),
            ),
            'check' => $this->zvonok->check(
                $step->json,
                isset($step->file) ? self::read($step->file) : null,
            ),
            'sync' => $session->sync(self::read($step->file), $step->json),
            'sync_path' => $session->syncPath($step->file, $step->json),
            'request' => $session->request($step->json),
            'reply' => $session->reply(),
        };
    }

    private function kept(stdClass $step, Session $session): Reply
    {
        $this->sessions[$step->on] = $session;
        return $session->reply();
    }

    private static function read(string $file): stdClass
    {
        return json_decode(file_get_contents($file), false, 512, JSON_THROW_ON_ERROR);
    }
}

$runner = new Runner($argv[1]);
foreach (json_decode(file_get_contents($argv[2]), false, 512, JSON_THROW_ON_ERROR) as $step) {
    $runner->play($step);
}
