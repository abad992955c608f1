<?php
// Run with PHP 8.2 and Monolog 2.9.
require 'Monolog/autoload.php';

use Monolog\Formatter\LineFormatter;
use Monolog\Handler\StreamHandler;
use Monolog\Logger;

class Store {
    function load(int $number) { throw new InvalidArgumentException("order $number has no items", 7); }
    function ship(int $number) {
        try { $this->load($number); } catch (InvalidArgumentException $e) { throw new RuntimeException("cannot ship $number", 0, $e); }
    }
}

$handler = new StreamHandler('php://stderr');
$handler->setFormatter(new LineFormatter(null, 'Y-m-d H:i:s', true, true, true)); // as Laravel sets it
$log = new Logger('production', [$handler]);
$log->info('started');
try { (new Store)->load(17); } catch (Exception $e) { $log->error($e->getMessage(), ['exception' => $e]); }
$log->info('next', ['order' => 18]);
try { (new Store)->ship(18); } catch (Exception $e) { $log->error($e->getMessage(), ['userId' => 3, 'exception' => $e]); }
$log->warning("of two\nlines");
try { (new Store)->ship("x"); } catch (TypeError $e) { $log->critical('failed', ['exception' => $e, 'order' => 19]); }
Monolog\ErrorHandler::register($log);
$log->info('stopping');
(new Store)->ship(20);
