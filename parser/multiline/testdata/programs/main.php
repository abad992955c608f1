<?php
// Run with PHP 8.2: php -d display_errors=stderr -d log_errors=1 -d error_log=, and -d html_errors=0 -d display_errors=0 for the log's form.
class Order {
    function load(int $n, array $x = []) { throw new InvalidArgumentException("order $n is no number"); }
    function ship(int $n) {
        try { $this->load($n, [1, 2]); } catch (InvalidArgumentException $e) { throw new RuntimeException("cannot ship $n", 7, $e); }
    }
}
function say($s) { error_log($s); }
say('INFO started');
echo $undefined;
say('INFO after a warning');
try { (new Order)->ship(1); } catch (Exception $e) { say((string)$e); }
say('INFO after a caught one');
try { (new Order)->load('x'); } catch (TypeError $e) { say('failed: ' . $e); }
say('INFO after a type error');
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { say($e->getMessage() . "\n" . $e->getTraceAsString()); }
say('INFO after a trace alone');
trigger_error("two\nlines", E_USER_NOTICE);
say('INFO after two lines');
register_shutdown_function(function () { say('INFO shutting down'); });
$f = fn() => (new Order)->ship(2);
array_map($f, [1]);
