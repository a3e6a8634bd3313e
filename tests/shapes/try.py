import sys, traceback
sys.path.insert(0,'.')
from shapes import SHAPES
for n, s in SHAPES.items():
    try:
        p = s.planned; q=s.questions[0]
        e=p.effect
        print(n, '|', q.estimand.unit, q.estimand.inferred, q.estimand.population, q.estimand.summary,'|', p.method, getattr(e,'degrees_of_freedom',None), getattr(p.result,'estimate',None), getattr(p.result,'conf_low',None), getattr(p.result,'reason','')[:90])
    except Exception as err:
        print(n, 'ERR', type(err).__name__, str(err)[:300]); 
        if '-v' in sys.argv: traceback.print_exc()
