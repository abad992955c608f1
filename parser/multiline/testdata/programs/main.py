import asyncio, logging, sys, threading, traceback
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, datefmt="2026-11-22T20:00:00Z")
log = logging.getLogger("shop")
class StockError(Exception): pass
def load(n): return {}[n]
def order(n):
    try: load(n)
    except KeyError as e: raise StockError("item %d\n  is out of stock" % n) from e
log.info("started")
try: order(3)
except StockError: log.exception("order failed")
log.info("next order")
try:
    try: load(4)
    finally: 1/0
except ZeroDivisionError: traceback.print_exc()
log.warning("retrying")
def rec(n): return rec(n+1)
try: rec(0)
except RecursionError: traceback.print_exc()
try: eval("1 +* 2")
except SyntaxError: traceback.print_exc()
log.info("after syntax")
t = threading.Thread(target=load, args=(5,)); t.start(); t.join()
log.info("after thread")
class D:
    def __del__(self): raise ValueError("in del")
d = D(); del d
log.info("after del")
try:
    raise ExceptionGroup("two failed", [ValueError("a"), ExceptionGroup("inner", [KeyError("b")])])
except Exception: traceback.print_exc()
except NameError: pass
log.info("after group")
async def bad(): raise RuntimeError("in task")
async def main():
    t = asyncio.get_running_loop().create_task(bad()); await asyncio.sleep(0.01); del t
    import gc; gc.collect()
asyncio.run(main())
log.info("stopping")
raise SystemError
